import { fileAt, type Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { emptyRuleset, parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { problemLine } from '../../result.ts';
import { sayList, toolOf } from '../blame.ts';
import { type BootLoad, bootLoads } from '../boot-loads.ts';
import { starterOf } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { booting, enabled, file } from '../host-examples.ts';
import { both, fine, found, given, unanswered } from '../host-finding.ts';
import { holdsOwnRules, withoutPalisade } from '../neighbours.ts';
import { differing } from '../same-rules.ts';

const bootUnit =
  '[Unit]\nBefore=network-pre.target\n[Service]\nType=oneshot\nExecStart=/bin/sh /etc/palisade/boot.sh rules /var/lib/palisade\n[Install]\nWantedBy=sysinit.target\n';
const persistent = [
  enabled('netfilter-persistent.service'),
  { path: '/usr/share/netfilter-persistent/plugins.d/15-ip4tables', mode: '0755' },
  { path: '/usr/share/netfilter-persistent/plugins.d/25-ip6tables', mode: '0755' },
];
const host = (...files: readonly object[]): object => ({ ...oneLink, processes: booting, files });
const confirmed = filter([
  ':PAL-IN - [0:0]',
  '-A INPUT -j PAL-IN',
  '-A PAL-IN -p tcp -m tcp --dport 22 -j ACCEPT',
  '-A PAL-IN -j DROP',
]);
const restoring = [enabled('palisade-rules.service'), file('/etc/systemd/system/palisade-rules.service', bootUnit)];
const saved = (v4: string, v6: string = empty): object[] => [
  file('/etc/iptables/rules.v4', v4),
  file('/etc/iptables/rules.v6', v6),
];

/**
 * What the saved rules do to packets is compared with what those in force do, by the engine; spelling and order without effect do not count.
 * Managers that make their rules from a configuration of their own (ufw, firewalld, shorewall, nftables) leave it unknown whether
 * they make these. In a container, or in a network namespace that the host does not boot into, it is unknown as well.
 */
export const fwPers01: Check = {
  id: 'FW-PERS-01',
  title: 'the next boot brings the rules that are in force',
  severity: 'high',
  kinds: ['H', 'S'],
  refs: [
    'CIS Debian 12 v1.1.0 4.2.2',
    'CIS SLE 15 3.5.3.1.1',
    'SSG package_iptables-persistent_installed',
    'SSG service_iptables_enabled',
  ],
  why: 'Rules live in the kernel alone. After a power cut the host is open, or closed to you, unless something loads them again.',
  fix: 'Save the rules of both families and let a service load them before the network.',
  run,
  examples: [
    { title: 'nothing saved and nothing enabled', v4: guide, v6: empty, facts: host(), finds: ['high 4'] },
    { title: 'no facts but that there are no files', v4: guide, v6: empty, facts: { ...oneLink, files: [] }, finds: ['high 4'] },
    { title: 'no rules, nothing saved', v4: empty, v6: empty, facts: host(), finds: [] },
    { title: 'saved and loaded', v4: guide, v6: empty, facts: host(...persistent, ...saved(guide)), finds: [] },
    { title: 'saved, but nothing loads it', v4: guide, v6: empty, facts: host(...saved(guide)), finds: ['high 4'] },
    {
      title: 'the service, but not what makes it load rules',
      v4: guide,
      v6: empty,
      facts: host(persistent[0] as object, ...saved(guide)),
      finds: ['high 4'],
    },
    {
      title: 'the same rules in other words',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      v6: empty,
      facts: host(...persistent, ...saved(filter(['-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT']))),
      finds: [],
    },
    {
      title: 'a port was opened since',
      v4: hardened4.replace('80,443 -m comment', '80,443,3306 -m comment'),
      v6: hardened6,
      facts: host(...persistent, ...saved(hardened4, hardened6)),
      finds: ['high 4'],
    },
    {
      title: 'IPv6 was forgotten',
      v4: hardened4,
      v6: hardened6,
      facts: host(...persistent, file('/etc/iptables/rules.v4', hardened4)),
      finds: ['high 6'],
    },
    {
      title: 'a file that cannot be loaded',
      v4: guide,
      v6: empty,
      facts: host(...persistent, ...saved(guide.replace('COMMIT\n', ''))),
      finds: ['high 4'],
    },
    {
      title: 'the way of Red Hat',
      v4: guide,
      v6: empty,
      facts: host(enabled('iptables.service'), file('/etc/sysconfig/iptables', guide)),
      finds: [],
    },
    {
      title: 'a script for each link',
      v4: guide,
      v6: empty,
      facts: host(
        file('/etc/network/if-pre-up.d/iptables', '#!/bin/sh\n/sbin/iptables-restore < /etc/iptables.up.rules\n', {
          mode: '0755',
        }),
        file('/etc/iptables.up.rules', guide),
      ),
      finds: [],
    },
    {
      title: 'what Docker and fail2ban add is theirs to add again',
      v4: filter([
        ':DOCKER - [0:0]',
        ':f2b-sshd - [0:0]',
        '-A INPUT -p tcp -j f2b-sshd',
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A FORWARD -o docker0 -j DOCKER',
        '-A f2b-sshd -s 192.0.2.7/32 -j REJECT',
      ]),
      v6: empty,
      facts: host(...persistent, ...saved(filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']))),
      finds: [],
    },
    {
      title: 'rules of Docker alone, which makes them again',
      v4: filter(
        [
          ':DOCKER - [0:0]',
          '-A FORWARD -o docker0 -j DOCKER',
          '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -j ACCEPT',
        ],
        {
          INPUT: 'ACCEPT',
        },
      ),
      v6: empty,
      facts: host(),
      finds: [],
    },
    {
      title: 'palisade restores what was confirmed',
      v4: confirmed,
      v6: empty,
      facts: host(...restoring),
      finds: [],
    },
    {
      title: 'palisade restores its own, and nothing loads the others',
      v4: confirmed.replace('-j PAL-IN\n', '-j PAL-IN\n-A INPUT -s 192.0.2.7/32 -j DROP\n'),
      v6: empty,
      facts: host(...restoring),
      finds: ['high 4'],
    },
    {
      title: 'rules of palisade, which nothing restores',
      v4: confirmed,
      v6: empty,
      facts: host(),
      finds: ['high 4'],
    },
    {
      title: 'palisade restores its own behind what is saved',
      v4: confirmed.replace('-j PAL-IN\n', '-j PAL-IN\n-A INPUT -s 192.0.2.7/32 -j DROP\n'),
      v6: empty,
      facts: host(...restoring, ...persistent, ...saved(filter(['-A INPUT -s 192.0.2.7/32 -j DROP'], { INPUT: 'ACCEPT' }))),
      finds: [],
    },
    {
      title: 'ufw makes the rules',
      v4: guide,
      v6: empty,
      facts: host(enabled('ufw.service'), file('/etc/ufw/ufw.conf', 'ENABLED=yes\n')),
      finds: [],
      unknown: 1,
    },
    {
      title: 'a container',
      v4: guide,
      v6: empty,
      facts: { ...host(), processes: [{ pid: 1, name: 'nginx' }] },
      finds: [],
      unknown: 1,
    },
    { title: 'files that were not read', v4: guide, v6: empty, facts: { ...oneLink, processes: booting }, finds: [], unknown: 1 },
    { title: 'rules that were not read', v4: null, v6: empty, facts: host(), finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  const answers = ([4, 6] as const).map((family) => ask(host, family));
  const { findings, unknown } = both(...answers);
  return { findings, unknown: unknown.filter(({ why }, index) => unknown.findIndex((other) => other.why === why) === index) };
}

function ask(host: Host, family: Family): Answer {
  return given(fwPers01, [host.rulesets[family], host.files], (whole) => {
    const starter = starterOf(host);
    if (!starter.known) return holdsOwnRules(whole) ? unanswered(fwPers01, starter) : fine;
    return given(fwPers01, [bootLoads(host, family)], (all) => {
      // What palisade restores is what somebody confirmed; what others have beside it needs somebody else.
      const loads = all.filter(({ confirmed }) => confirmed !== true);
      const rest = loads.length === all.length ? (ruleset: Ruleset): Ruleset => ruleset : withoutPalisade;
      const live = rest(whole);
      const [load] = loads;
      if (load === undefined) return holdsOwnRules(live) ? unsaved(host, family) : fine;
      const other = loads.find(({ saved }) => saved === null);
      if (other !== undefined) {
        // Whoever makes his rules in his own way may make none of this family.
        if (!holdsOwnRules(live)) return fine;
        return unanswered(fwPers01, {
          why: `${other.by} makes the IPv${family} rules at boot in a way that palisade does not read, so whether it makes those in force is not known`,
          remedy: 'restart it in a quiet hour and compare with palisade diff',
        });
      }
      return ofSaved(host, family, live, loads.at(-1) ?? load, rest);
    });
  });
}

/** The rules that a file holds; the last of several loads counts, since each replaces what was there. */
function ofSaved(
  host: Host,
  family: Family,
  live: Ruleset,
  { by, saved }: BootLoad,
  rest: (ruleset: Ruleset) => Ruleset,
): Answer {
  const path = saved ?? '';
  return given(fwPers01, [host.files], (files) =>
    given(fwPers01, [fileAt(files, path)], (kept) => {
      if (kept === null && !host.rulesets[family].known) return fine;
      if (kept === null) return holdsOwnRules(live) ? absent(family, by, path) : fine;
      return given(fwPers01, [kept.text], (text) => {
        const parsed = text.trim() === '' ? emptyOf(family, path) : parseRuleset(text, { file: path, family });
        if (!parsed.ok) return broken(family, by, parsed.problems.map(problemLine));
        return given(
          fwPers01,
          [differing(host, live, rest(parsed.value), { now: 'now', other: 'after a boot' })],
          (difference) => {
            if (difference === null) return fine;
            return found(fwPers01, {
              family,
              certainty: difference.neighbours ? 'possible' : 'certain',
              title: `The next boot brings other IPv${family} rules: ${path} differs from those in force`,
              why: `${by} loads them. ${difference.example}${difference.neighbours ? ' Rules that Docker, fail2ban and others add were left out as far as they can be told.' : ''}`,
              fix: `Save the rules if those in force are right, or load the file if it is.
${toolOf(family)}-save > ${path}.new && mv ${path}.new ${path}`,
            });
          },
        );
      });
    }),
  );
}

function emptyOf(family: Family, path: string): { readonly ok: true; readonly value: Ruleset } {
  return { ok: true, value: emptyRuleset(family, path) };
}

function unsaved(host: Host, family: Family): Answer {
  const files = host.files.known ? host.files.value : new Map();
  const there = [
    `/etc/iptables/rules.v${family}`,
    ...(family === 4 ? ['/etc/iptables.rules', '/etc/iptables.up.rules'] : ['/etc/ip6tables.rules']),
  ];
  const saved = there.filter((path) => files.has(path));
  return found(fwPers01, {
    family,
    title: `Nothing loads the IPv${family} rules at boot`,
    why: `${
      saved.length > 0
        ? `${sayList(saved)} ${saved.length === 1 ? 'is' : 'are'} there, but no service or script that starts at boot loads it.`
        : 'No saved rules were found where services look for them, and no service or script that starts at boot loads any.'
    } After a restart every packet is accepted.`,
    fix: `Save them, and let a service load them before the network.
apt-get install iptables-persistent
netfilter-persistent save
systemctl enable netfilter-persistent`,
  });
}

function absent(family: Family, by: string, path: string): Answer {
  return found(fwPers01, {
    family,
    title: `Nothing is saved that ${by} could load: ${path} is not there`,
    why: `It starts at boot and finds no IPv${family} rules, so that every packet is accepted until somebody loads them by hand.`,
    fix: `Save the rules.\nmkdir -p ${path.slice(0, path.lastIndexOf('/'))}\n${toolOf(family)}-save > ${path}`,
  });
}

function broken(family: Family, by: string, problems: readonly string[]): Answer {
  return found(fwPers01, {
    family,
    title: `The saved IPv${family} rules cannot be loaded: ${problems[0] ?? 'they are not understood'}`,
    why: `${by} fails on it at the next boot, and the table that holds the fault stays empty.`,
    fix: `Mend the line, or save the rules anew: ${toolOf(family)}-save.`,
  });
}
