import { fileAt, filesIn, type Host, type HostFile, type HostFiles, type Known, known } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { startsAtBoot } from './booting.ts';
import { type Manager, startingManagers } from './managers.ts';
import { scheduled } from './schedule.ts';

/** Something that puts rules of a family in place when the host starts. */
export interface BootLoad {
  /** `netfilter-persistent.service`, `/etc/network/if-pre-up.d/iptables`. */
  readonly by: string;
  /** The file with rules in save format that it loads; `null`: it makes them in another way. */
  readonly saved: string | null;
  /** Before the first link comes up; `null`: not known. */
  readonly early: boolean | null;
  /** Palisade's own: it restores its chains as they were confirmed, and nothing of others. */
  readonly confirmed?: true;
}

/** Where services keep what they load, as distributions have it: the first that is there counts. */
const savedPlaces: Readonly<Record<Family, readonly string[]>> = {
  4: ['/etc/sysconfig/iptables', '/etc/iptables/iptables.rules', '/etc/iptables/rules-save', '/var/lib/iptables/rules-save'],
  6: ['/etc/sysconfig/ip6tables', '/etc/iptables/ip6tables.rules', '/etc/iptables/rules6-save', '/var/lib/ip6tables/rules-save'],
};

const plugins = '/usr/share/netfilter-persistent/plugins.d';

/** Everything that is started at boot and loads rules of the family, as far as it can be seen. */
export function bootLoads(host: Host, family: Family): Known<readonly BootLoad[]> {
  if (!host.files.known) return host.files;
  const files = host.files.value;
  const starting = startingManagers(host);
  if (!starting.known) return starting;
  const loads: BootLoad[] = [];
  for (const manager of starting.value) {
    const load = managed(files, family, manager);
    if (!load.known) return load;
    if (load.value !== null) loads.push(load.value);
  }
  if (family === 6 && !loads.some(({ by }) => by.startsWith('iptables'))) {
    const own = startsAtBoot(host, 'ip6tables');
    if (!own.known) return own;
    if (own.value) loads.push({ by: 'ip6tables.service', saved: savedPlace(files, 6), early: isEarly(files, 'ip6tables') });
  }
  const commands = bootCommands(host, files);
  if (!commands.known) return commands;
  for (const { by, command, early } of commands.value) {
    const load = commanded(family, command);
    if (load !== null) loads.push({ by, early, ...load });
  }
  return known(loads);
}

function managed(files: HostFiles, family: Family, { name, unit, restores }: Manager): Known<BootLoad | null> {
  const by = `${unit}.service`;
  const early = isEarly(files, unit);
  if (unit === 'netfilter-persistent') {
    // It runs what is in this folder, and without the package iptables-persistent there is nothing for rules.
    const listed = filesIn(files, plugins);
    if (!listed.known) return listed;
    const plugin = family === 4 ? /ip4tables$/ : /ip6tables$/;
    return known(
      listed.value.some(({ path }) => plugin.test(path)) ? { by, saved: `/etc/iptables/rules.v${family}`, early } : null,
    );
  }
  // iptables.service is of IPv4 alone; the rules of IPv6 have their own.
  if (restores) return known(family === 4 ? { by, saved: savedPlace(files, 4), early } : null);
  if (name !== 'nftables') return known({ by, saved: null, early: true });
  const config = ['/etc/nftables.conf', '/etc/sysconfig/nftables.conf']
    .map((path) => files.get(path))
    .find((file) => file !== undefined);
  if (config === undefined) return known(null);
  if (!config.text.known) return config.text;
  // Tables of the names that iptables uses, or more files: they may be these rules, in the language of nft.
  const text = config.text.value.replace(/#.*$/gm, '');
  const mine = new RegExp(
    `table\\s+${family === 4 ? 'ip' : 'ip6'}\\s+(?:filter|nat|mangle|raw|security)\\b|^\\s*include\\b`,
    'm',
  ).test(text);
  return known(mine ? { by, saved: null, early: true } : null);
}

function savedPlace(files: HostFiles, family: Family): string {
  return savedPlaces[family].find((path) => files.has(path)) ?? savedPlaces[family][0] ?? '';
}

/** Whether systemd starts the service before any link comes up. */
function isEarly(files: HostFiles, unit: string): boolean | null {
  for (const folder of ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system']) {
    const text = files.get(`${folder}/${unit}.service`)?.text;
    if (text?.known) return /^\s*Before\s*=.*\b(?:network-pre\.target|sysinit\.target)\b/m.test(text.value);
  }
  return null;
}

interface Command {
  readonly by: string;
  readonly command: string;
  readonly early: boolean | null;
}

/** Command lines that run at boot, outside of the services that are known by name. */
function bootCommands(host: Host, files: HostFiles): Known<readonly Command[]> {
  const commands: Command[] = [];
  for (const [folder, early] of [
    ['/etc/network/if-pre-up.d', true],
    ['/etc/network/if-up.d', false],
    ['/etc/network/interfaces.d', null],
  ] as const) {
    const listed = filesIn(files, folder);
    if (!listed.known) return listed;
    for (const file of listed.value) {
      if (early !== null && file.kind === 'file' && (file.mode & 0o111) === 0) continue;
      if (!file.text.known) return file.text;
      commands.push(...linesOf(file, file.text.value, early));
    }
  }
  for (const path of ['/etc/network/interfaces', '/etc/rc.local']) {
    const file = fileAt(files, path);
    if (!file.known) return file;
    if (file.value === null || (path === '/etc/rc.local' && (file.value.mode & 0o111) === 0)) continue;
    if (!file.value.text.known) return file.value.text;
    commands.push(...linesOf(file.value, file.value.text.value, path === '/etc/rc.local' ? false : null));
  }
  const jobs = scheduled(files);
  if (!jobs.known) return jobs;
  for (const { path, command, atBoot } of jobs.value) {
    if (!atBoot) continue;
    const unit = /^\/etc\/systemd\/system\/(.+)\.service$/.exec(path)?.[1];
    if (unit === undefined) {
      commands.push({ by: path, command, early: false });
      continue;
    }
    const starts = startsAtBoot(host, unit);
    if (!starts.known) return starts;
    if (starts.value) commands.push({ by: `${unit}.service`, command, early: isEarly(files, unit) });
  }
  return known(commands);
}

function linesOf({ path }: HostFile, text: string, early: boolean | null): readonly Command[] {
  return text.split('\n').flatMap((line) => {
    if (!/^\s*[^#\s]/.test(line)) return [];
    // Of /etc/network/interfaces: `pre-up` runs before the link is up, `up` and `post-up` behind it.
    const when = early ?? /^\s*pre-up\s/.test(line);
    return [{ by: path, command: line, early: when }];
  });
}

/** What a command loads for the family; `null` if it has nothing to do with its rules. */
function commanded(family: Family, command: string): Pick<BootLoad, 'saved' | 'confirmed'> | null {
  if (/\/etc\/palisade\/boot\.sh (?:rules|restore) |\bpalisade\s+boot-restore\b/.test(command))
    return { saved: null, confirmed: true };
  const restore = new RegExp(`\\b${family === 4 ? 'iptables' : 'ip6tables'}(?:-legacy|-nft)?-(?:restore|apply)\\b([^|;&]*)`).exec(
    command,
  );
  if (restore !== null) {
    const file = /<\s*["']?(\/[^\s"']+)/.exec(restore[1] ?? '')?.[1] ?? /\s["']?(\/[^\s"']+)/.exec(restore[1] ?? '')?.[1];
    return { saved: file ?? null };
  }
  const adds = new RegExp(`\\b${family === 4 ? 'iptables' : 'ip6tables'}(?:-legacy|-nft)?\\s.*-[AIPR]\\b`);
  const script = /(?:^|[\s/])(?:[\w.-]*(?:firewall|iptables|fw-rules)[\w.-]*\.(?:sh|bash|pl|py)|[\w.-]*firewall[\w.-]*)(?:\s|$)/;
  if (adds.test(command) || /\bnft\s+-f\b/.test(command) || (script.test(command) && /^\s*\S*\//.test(command))) {
    return { saved: null };
  }
  return null;
}
