import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { meaningsOf } from '../../model/ruleset/index.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, oneLink } from '../examples.ts';
import { both, fine, found, given, unanswered } from '../host-finding.ts';
import { sysctl } from '../surroundings.ts';

const writers = { 'net.netfilter.nf_log.2': 'nf_log_syslog', 'net.netfilter.nf_log.10': 'nf_log_syslog' };
const quiet = { ...writers, 'kernel.printk': '4\t4\t1\t7', 'kernel.dmesg_restrict': '1' };
const host = (sysctls: object, ...names: readonly string[]): object => ({
  ...oneLink,
  sysctls,
  processes: [{ pid: 1, name: 'systemd' }, ...names.map((name, index) => ({ pid: index + 2, name }))],
});
const nflog = filter(['-A INPUT -j NFLOG --nflog-group 5']);

/** Programs that read the kernel's log, and those that take what NFLOG sends. */
const logReaders = /^(systemd-journal|rsyslogd|rs:main|syslog-ng|syslogd|klogd|metalog|socklog|busybox)/;
const nflogReaders = /^(ulogd|palisade|suricata|tcpdump|dumpcap|netsniff)/;

/** Only where rules log something. Whether they log what matters is judged with the rules. */
export const fwLog06: Check = {
  id: 'FW-LOG-06',
  title: 'what the rules log arrives somewhere',
  severity: 'medium',
  kinds: ['H'],
  refs: ['CIS Debian 12 v1.1.0 6.1.2', 'CIS Debian 12 v1.1.0 6.1.3', 'NIST 800-53 AU-4'],
  why: 'A log that nobody writes down is none; the file that guides name, /var/log/syslog, is not there without rsyslog.',
  fix: 'Run journald or rsyslog for LOG, ulogd2 for NFLOG.',
  run,
  examples: [
    { title: 'journald takes it', v4: guide, facts: host(quiet, 'systemd-journal'), finds: [] },
    { title: 'nobody takes it', v4: guide, facts: host(quiet), finds: ['medium null'] },
    {
      title: 'the kernel has nobody who writes it',
      v4: guide,
      facts: host({ ...quiet, 'net.netfilter.nf_log.2': 'NONE' }, 'systemd-journal'),
      finds: ['medium 4'],
    },
    { title: 'no rule logs', v4: filter([]), v6: empty, facts: host({ ...quiet, 'net.netfilter.nf_log.2': 'NONE' }), finds: [] },
    { title: 'NFLOG without ulogd', v4: nflog, facts: host(quiet, 'systemd-journal'), finds: ['medium null'] },
    { title: 'NFLOG with ulogd', v4: nflog, facts: host(quiet, 'ulogd'), finds: [] },
    {
      title: 'on the console too, and for all to read',
      v4: guide,
      facts: host({ ...quiet, 'kernel.printk': '7\t4\t1\t7', 'kernel.dmesg_restrict': '0' }, 'rsyslogd'),
      finds: ['low null', 'low null'],
    },
    {
      title: 'a container, whose kernel log is silent unless the host allows it',
      v4: guide,
      facts: {
        ...host(quiet),
        processes: [
          { pid: 1, name: 'systemd', ownNetwork: false },
          { pid: 2, name: 'rsyslogd' },
        ],
      },
      finds: [],
      unknown: 1,
    },
    { title: 'processes that were not read', v4: guide, facts: { ...oneLink, sysctls: quiet }, finds: [], unknown: 1 },
    { title: 'rules that were not read', v4: null, facts: host(quiet), finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  const [four, six] = [by(host, 4), by(host, 6)];
  const used = new Set([...four, ...six]);
  const unread = ([4, 6] as const).map((family) => host.rulesets[family]).find((fact) => !fact.known);
  if (used.size === 0) return unread?.known === false ? unanswered(fwLog06, unread) : fine;
  return given(fwLog06, [host.processes, host.sysctls], (processes) => {
    const runs = (name: RegExp): boolean => processes.some((each) => name.test(each.name));
    if (used.has('LOG') && processes.find(({ pid }) => pid === 1)?.ownNetwork === false) {
      return unanswered(fwLog06, {
        why: 'LOG is silent in a network namespace unless the host sets nf_log_all_netns, which cannot be seen from here',
        remedy: 'use NFLOG with ulogd2 here, or set net.netfilter.nf_log_all_netns=1 on the host',
      });
    }
    return both(
      used.has('LOG') ? unwritten(host, { 4: four, 6: six }) : fine,
      used.has('LOG') && !runs(logReaders)
        ? found(fwLog06, {
            title: 'Nobody reads the log of the kernel, where LOG writes',
            why: 'Neither journald nor a syslog daemon runs. What the rules log stays in a small ring in memory and is overwritten.',
            fix: 'Run one.\napt-get install rsyslog',
          })
        : fine,
      used.has('NFLOG') && !runs(nflogReaders)
        ? found(fwLog06, {
            title: 'Nobody takes what NFLOG sends',
            why: 'The rules send packets to a group for a program such as ulogd2, and none runs. What they log is lost.',
            fix: 'Run it.\napt-get install ulogd2',
          })
        : fine,
      used.has('LOG') ? indiscreet(host) : fine,
    );
  });
}

/** The targets that log in a family's rules. */
function by(host: Host, family: Family): ReadonlySet<string> {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return new Set();
  const effects = [...meaningsOf(ruleset.value).values()].map(({ effect }) => effect);
  return new Set(effects.flatMap((effect) => (effect.kind === 'log' ? [effect.by] : [])));
}

function unwritten(host: Host, used: Readonly<Record<Family, ReadonlySet<string>>>): Answer {
  const families = ([4, 6] as const).filter((family) => used[family].has('LOG'));
  return given(fwLog06, [host.logBackends], (backends) =>
    both(
      ...families
        .filter((family) => backends[family] === null)
        .map((family) =>
          found(fwLog06, {
            family,
            title: `The kernel has nobody who writes what IPv${family} rules log`,
            why: `net.netfilter.nf_log.${family === 4 ? 2 : 10} is NONE, so LOG does nothing.`,
            fix: `Load the writer.\nmodprobe nf_log_syslog\nsysctl -w net.netfilter.nf_log.${family === 4 ? 2 : 10}=nf_log_ipv${family}`,
          }),
        ),
    ),
  );
}

/** The level of LOG without --log-level: warning. */
const warning = 4;

function indiscreet(host: Host): Answer {
  const consoleLevel = Number.parseInt(sysctl(host, 'kernel.printk') ?? '', 10);
  return both(
    consoleLevel > warning
      ? found(fwLog06, {
          severity: 'low',
          title: `What the rules log is printed on the console too (kernel.printk begins with ${consoleLevel})`,
          why: 'A flood of dropped packets makes the console useless, and a serial console slows the whole machine down.',
          fix: 'Print only errors on the console.\nsysctl -w "kernel.printk=4 4 1 7"',
        })
      : fine,
    sysctl(host, 'kernel.dmesg_restrict') === '0'
      ? found(fwLog06, {
          severity: 'low',
          title: 'Every user may read what the rules log (kernel.dmesg_restrict is 0)',
          why: 'The log of the kernel tells who connects to the host, and to which ports.',
          fix: "Keep it for root.\nsysctl -w kernel.dmesg_restrict=1\nprintf '%s\\n' kernel.dmesg_restrict=1 > /etc/sysctl.d/60-fw-log-06.conf",
        })
      : fine,
  );
}
