import { unitWord } from './unit-word.ts';

/** Where the script stands that units call: on the root file system, since what is below /var may come later, or not at all. */
export const scriptPath = '/etc/palisade/boot.sh';

/** Where units of the administrator's own stand (systemd.unit(5)). */
export const unitFolder = '/etc/systemd/system';

/** Whoever else restores or flushes rules when the machine starts: own chains come behind them, and again when they are restarted. */
const restorers =
  'netfilter-persistent.service nftables.service iptables.service ip6tables.service ipset.service ufw.service firewalld.service';

/**
 * Whether a service of its own loads the sets of others. Debian's netfilter-persistent may bear its name too, and loads rules behind them: nothing comes
 * between. A service of its own destroys what it does not know (Red Hat), or loads nothing of its own where one of its sets is there (Arch).
 */
export type SetsLoader = 'own' | 'none';

const beforeRules = (loader: SetsLoader, all: string): string =>
  loader === 'own' ? `After=ipset.service\nBefore=${all.replace(' ipset.service', '')}` : `Before=${all}`;

/** Early, before any network: what units that load firewalls say of themselves, nftables.service among them. */
const early = (page: string): string => `DefaultDependencies=no
Conflicts=shutdown.target
Before=network-pre.target shutdown.target
Wants=network-pre.target
After=local-fs.target systemd-modules-load.service
Documentation=man:${page}(1)`;

/**
 * The units by their names, for one state folder. Sets come before netfilter-persistent, whose rules may ask them, and own chains behind
 * it, since it flushes. None of them undoes anything when it is stopped. The emergency unit needs no mount: it is there for the case that
 * the state cannot be had.
 */
export function bootUnits(stateFolder: string, loader: SetsLoader = 'none'): ReadonlyMap<string, string> {
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
${early('palisade-boot-restore')}
${beforeRules(loader, restorers)}
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
${early('palisade-boot-restore')}
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
${early('palisade-boot-restore')}

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

/** Where the script stands that makes the sets of who is shut out. */
export const banScriptPath = '/etc/palisade/bans.sh';

export const banUnitName = 'palisade-bans.service';

/** More that load rules which somebody may have saved with chains that ask these sets. */
const loaders = `${restorers} iptables-restore.service ip6tables-restore.service ferm.service shorewall.service shorewall6.service firehol.service`;

/**
 * The unit that makes the sets of who is shut out before anybody loads rules, and again when they are loaded anew. It needs no state folder: empty, the
 * sets do as well for the rules. So it is no part of {@link bootUnits}, which fail where their state cannot be had.
 */
export function banUnit(stateFolder: string, loader: SetsLoader = 'none'): string {
  return `[Unit]
Description=Sets of who is shut out by palisade
${early('palisade-ban')}
After=ipset-persistent.service
${beforeRules(loader, loaders)}
PartOf=${loaders}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${banScriptPath} ${unitWord(stateFolder, 'command')}
TimeoutStartSec=90

[Install]
WantedBy=sysinit.target
`;
}
