import { fileAt, type Host, type Known, known } from '../model/host/index.ts';
import { startsAtBoot } from './booting.ts';

/** A program or service that puts rules of its own in place at boot. */
export interface Manager {
  readonly name: string;
  /** The service, without `.service`. */
  readonly unit: string;
  /** A setting without which the service does nothing. */
  readonly switchedOn?: { readonly file: string; readonly line: RegExp };
  /** Rules as text that iptables-restore loads; otherwise it writes them itself, from its own configuration. */
  readonly restores: boolean;
}

export const managers: readonly Manager[] = [
  { name: 'ufw', unit: 'ufw', switchedOn: { file: '/etc/ufw/ufw.conf', line: /^\s*ENABLED\s*=\s*"?yes/im }, restores: false },
  { name: 'firewalld', unit: 'firewalld', restores: false },
  { name: 'nftables', unit: 'nftables', restores: false },
  {
    name: 'shorewall',
    unit: 'shorewall',
    switchedOn: { file: '/etc/default/shorewall', line: /^\s*startup\s*=\s*"?1/m },
    restores: false,
  },
  { name: 'ferm', unit: 'ferm', switchedOn: { file: '/etc/default/ferm', line: /^\s*ENABLED\s*=\s*"?yes/im }, restores: false },
  { name: 'firehol', unit: 'firehol', restores: false },
  { name: 'netfilter-persistent', unit: 'netfilter-persistent', restores: true },
  { name: 'iptables.service', unit: 'iptables', restores: true },
];

/** Which of them start at boot. */
export function startingManagers(host: Host): Known<readonly Manager[]> {
  const starting: Manager[] = [];
  for (const manager of managers) {
    const starts = startsAtBoot(host, manager.unit);
    if (!starts.known) return starts;
    if (!starts.value) continue;
    if (manager.switchedOn !== undefined) {
      if (!host.files.known) return host.files;
      const file = fileAt(host.files.value, manager.switchedOn.file);
      if (!file.known) return file;
      // Where the distribution has no such switch the service alone counts.
      if (file.value !== null) {
        if (!file.value.text.known) return file.value.text;
        if (!manager.switchedOn.line.test(file.value.text.value)) continue;
      }
    }
    // Debian's iptables.service is another name of netfilter-persistent's.
    if (manager.unit === 'iptables' && starting.some(({ unit }) => unit === 'netfilter-persistent')) continue;
    starting.push(manager);
  }
  return known(starting);
}
