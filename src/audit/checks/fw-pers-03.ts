import { fileAt, filesIn, type Host, type HostFiles, type Known, known } from '../../model/host/index.ts';
import { sayList } from '../blame.ts';
import { bootLoads } from '../boot-loads.ts';
import { starterOf, startsAtBoot } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, oneLink } from '../examples.ts';
import { booting, enabled, file } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';

const plugin = (name: string): object => ({ path: `/usr/share/netfilter-persistent/plugins.d/${name}`, mode: '0755' });
const asking = filter(['-A INPUT -m set --match-set admins src -j ACCEPT']);
const ownSet = 'PAL4-00112233445566778899';
const set = 'create admins hash:ip family inet hashsize 1024 maxelem 65536\nadd admins 192.0.2.7\n';
const host = (...files: readonly object[]): object => ({
  ...oneLink,
  processes: booting,
  files: [enabled('netfilter-persistent.service'), plugin('15-ip4tables'), ...files],
});

const savedSets = [
  '/etc/iptables/ipsets',
  '/etc/ipset.conf',
  '/etc/ipset.rules',
  '/etc/sysconfig/ipset',
  '/etc/iptables/ipset',
  '/etc/ipset/ipset.conf',
  '/var/lib/ipset/rules-save',
];

/** Measured, both backends: iptables-restore loads nothing of a table whose rules name a set that is not there, and of those behind it. */
export const fwPers03: Check = {
  id: 'FW-PERS-03',
  title: 'sets that the saved rules ask are there before them at boot',
  severity: 'high',
  kinds: ['H'],
  refs: [],
  why: 'If one set is missing when the rules are loaded, none of the rules of its table is: the host is open after the boot.',
  fix: 'Save the sets too, and let them be loaded first (ipset-persistent).',
  run,
  examples: [
    { title: 'no sets', v4: guide, v6: empty, facts: host(file('/etc/iptables/rules.v4', guide)), finds: [] },
    { title: 'a set that is not saved', facts: host(file('/etc/iptables/rules.v4', asking)), finds: ['high 4'] },
    {
      title: 'saved and loaded first',
      facts: host(file('/etc/iptables/rules.v4', asking), file('/etc/iptables/ipsets', set), plugin('10-ipset')),
      finds: [],
    },
    {
      title: 'saved, and loaded by nobody',
      facts: host(file('/etc/iptables/rules.v4', asking), file('/etc/iptables/ipsets', set)),
      finds: ['high 4'],
    },
    {
      title: 'loaded behind the rules',
      facts: host(file('/etc/iptables/rules.v4', asking), file('/etc/iptables/ipsets', set), plugin('40-ipset')),
      finds: ['high 4'],
    },
    {
      title: 'another set is saved',
      facts: host(
        file('/etc/iptables/rules.v4', asking),
        file('/etc/iptables/ipsets', set.replaceAll('admins', 'guests')),
        plugin('10-ipset'),
      ),
      finds: ['high 4'],
    },
    {
      title: 'sets of palisade’s, which it loads before all others',
      sets: `create ${ownSet} hash:ip family inet hashsize 1024 maxelem 65536\n`,
      facts: host(
        enabled('palisade-sets.service', 'sysinit.target'),
        file('/etc/iptables/rules.v4', asking.replace('admins', ownSet)),
      ),
      finds: [],
    },
    {
      title: 'a set of palisade’s that is there no longer',
      sets: '',
      facts: host(
        enabled('palisade-sets.service', 'sysinit.target'),
        file('/etc/iptables/rules.v4', asking.replace('admins', ownSet)),
      ),
      finds: ['high 4'],
    },
    {
      title: 'a set of palisade’s, which nothing loads',
      sets: `create ${ownSet} hash:ip family inet hashsize 1024 maxelem 65536\n`,
      facts: host(file('/etc/iptables/rules.v4', asking.replace('admins', ownSet))),
      finds: ['high 4'],
    },
    {
      title: 'sets of who is shut out, which palisade makes before all rules',
      facts: host(
        enabled('palisade-bans.service', 'sysinit.target'),
        file('/etc/iptables/rules.v4', asking.replace('admins', 'PALISADE-BAN4')),
      ),
      finds: [],
    },
    {
      title: 'sets of who is shut out, which nobody makes',
      sets: 'create PALISADE-BAN4 hash:net family inet hashsize 1024 maxelem 131072 timeout 600 counters\n',
      facts: host(file('/etc/iptables/rules.v4', asking.replace('admins', 'PALISADE-BAN4'))),
      finds: ['high 4'],
    },
    { title: 'nothing is loaded at boot', facts: { ...oneLink, processes: booting, files: [] }, finds: [] },
    { title: 'saved rules that were not read', facts: host({ path: '/etc/iptables/rules.v4' }), finds: [], unknown: 1 },
    { title: 'nothing was read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwPers03, [starterOf(host), host.files, bootLoads(host, 4), bootLoads(host, 6)], (_, files, four, six) => {
    const answers = (
      [
        [4, four],
        [6, six],
      ] as const
    ).map(([family, loads]) => {
      const saved = loads.at(-1)?.saved;
      if (saved === undefined || saved === null) return fine;
      return given(fwPers03, [fileAt(files, saved)], (kept) => {
        if (kept === null) return fine;
        return given(fwPers03, [kept.text], (text) => {
          const asked = setsIn(text);
          if (asked.length === 0) return fine;
          return given(fwPers03, [ready(host, files)], (sets) => {
            const missing = asked.filter((name) => !sets.loaded.has(name) && !(sets.bans && banSet.test(name)));
            if (missing.length === 0) return fine;
            const idle = missing.filter((name) => sets.saved.has(name));
            return found(fwPers03, {
              family,
              title: `The saved IPv${family} rules ask sets that are not there when they are loaded: ${sayList(missing)}`,
              why: `${saved} names ${missing.length === 1 ? 'it' : 'them'}; ${
                idle.length > 0 ? `${sayList(idle)} is saved, but nothing loads it before the rules` : 'no file holds them'
              }. iptables-restore then loads nothing of that table, nor of those behind it.`,
              fix: `Save the sets and load them first.
apt-get install ipset-persistent
netfilter-persistent save`,
            });
          });
        });
      });
    });
    return {
      findings: answers.flatMap(({ findings }) => findings),
      unknown: answers.flatMap(({ unknown }) => unknown).slice(0, 1),
    };
  });
}

function setsIn(text: string): readonly string[] {
  const names = text.matchAll(/^-A .*?--(?:match-set|add-set|del-set) ("(?:[^"\\]|\\.)*"|\S+)/gm);
  return [...new Set(Array.from(names, ([, name = '']) => name.replace(/^"|"$/g, '')))];
}

interface Sets {
  readonly saved: ReadonlySet<string>;
  /** Of the saved ones those that are loaded before the rules. */
  readonly loaded: ReadonlySet<string>;
  /** Palisade makes all of {@link banSet} before the rules. */
  readonly bans: boolean;
}

const banSet = /^PALISADE-(?:NEVER|BAN|SHUT|LIST)[46]$/;

function ready(host: Host, files: HostFiles): Known<Sets> {
  const saved = new Set<string>();
  for (const path of savedSets) {
    const file = fileAt(files, path);
    if (!file.known) return file;
    if (file.value === null) continue;
    if (!file.value.text.known) return file.value.text;
    for (const [, name = ''] of file.value.text.value.matchAll(/^(?:create|-N) (\S+)/gm)) saved.add(name);
  }
  const first = loadedFirst(host, files);
  if (!first.known) return first;
  const own = startsAtBoot(host, 'palisade-sets');
  if (!own.known) return own;
  // Palisade loads those of what was confirmed, before netfilter-persistent: they are those that are there now.
  const there =
    own.value && host.sets.known ? [...host.sets.value.keys()].filter((name) => /^PAL[46]-[0-9a-f]{20}$/.test(name)) : [];
  const bans = startsAtBoot(host, 'palisade-bans');
  if (!bans.known) return bans;
  return known({ saved, loaded: new Set([...(first.value ? saved : []), ...there]), bans: bans.value });
}

/** netfilter-persistent runs its plugins in the order of their names; services of sets come before those of rules. */
function loadedFirst(host: Host, files: HostFiles): Known<boolean> {
  const plugins = filesIn(files, '/usr/share/netfilter-persistent/plugins.d');
  if (!plugins.known) return plugins;
  const names = plugins.value.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)).sort();
  const [sets, rules] = [names.findIndex((name) => /ipset/.test(name)), names.findIndex((name) => /ip[46]tables/.test(name))];
  if (sets >= 0 && (rules < 0 || sets < rules)) return known(true);
  for (const unit of ['ipset', 'ipset-persistent']) {
    const starts = startsAtBoot(host, unit);
    if (!starts.known) return starts;
    if (starts.value) return known(true);
  }
  return known(false);
}
