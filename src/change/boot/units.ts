import { unitWord } from './unit-word.ts';

/** Where the script stands that units call: on the root file system, since what is below /var may come later, or not at all. */
export const scriptPath = '/etc/palisade/boot.sh';

/** Where units of the administrator's own stand (systemd.unit(5)). */
export const unitFolder = '/etc/systemd/system';

/** Whoever else restores or flushes rules when the machine starts: own chains come behind them, and again when they are restarted. */
const restorers =
  'netfilter-persistent.service nftables.service iptables.service ip6tables.service ipset.service ufw.service firewalld.service';

/** Early, before any network: what units that load firewalls say of themselves, nftables.service among them. */
const early = `DefaultDependencies=no
Conflicts=shutdown.target
Before=network-pre.target shutdown.target
Wants=network-pre.target
After=local-fs.target systemd-modules-load.service
Documentation=man:palisade-boot-restore(1)`;

/**
 * The units by their names, for one state folder. Sets come before netfilter-persistent, whose rules may ask them, and own chains behind
 * it, since it flushes. None of them undoes anything when it is stopped. The emergency unit needs no mount: it is there for the case that
 * the state cannot be had.
 */
export function bootUnits(stateFolder: string): ReadonlyMap<string, string> {
  const mounts = `RequiresMountsFor=${unitWord(stateFolder, 'path')}`;
  const run = (what: string): string => `Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${scriptPath} ${what} ${unitWord(stateFolder, 'command')}
TimeoutStartSec=90`;
  return new Map([
    [
      'palisade-sets.service',
      `[Unit]
Description=Sets of the firewall that palisade keeps
${early}
Before=${restorers}
${mounts}

[Service]
${run('sets')}

[Install]
WantedBy=sysinit.target
`,
    ],
    [
      'palisade-rules.service',
      `[Unit]
Description=Rules of the firewall that palisade keeps
${early}
Wants=palisade-sets.service
After=palisade-sets.service ${restorers}
PartOf=${restorers}
${mounts}
OnFailure=palisade-emergency.service

[Service]
${run('rules')}

[Install]
WantedBy=sysinit.target
`,
    ],
    [
      'palisade-emergency.service',
      `[Unit]
Description=Emergency rules where palisade's firewall could not be restored
${early}

[Service]
${run('emergency').replace('RemainAfterExit=yes\n', '')}
`,
    ],
    [
      'palisade-docker.service',
      `[Unit]
Description=Way from Docker's chain into palisade's
After=docker.service palisade-rules.service
PartOf=docker.service
${mounts}
Documentation=man:palisade-boot-restore(1)

[Service]
${run('docker')}

[Install]
WantedBy=docker.service
`,
    ],
  ]);
}

/** Units that are enabled; the emergency one is started by another's failure. */
export const enabledUnits = ['palisade-sets.service', 'palisade-rules.service', 'palisade-docker.service'] as const;
