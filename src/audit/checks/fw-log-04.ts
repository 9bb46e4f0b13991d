import { known } from '../../model/host/index.ts';
import { type Ruleset, readRule } from '../../model/ruleset/index.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Located } from '../finding.ts';
import { type LogRule, logRulesOf } from '../logs.ts';
import { templateOf } from '../owners.ts';

/**
 * LOG prints its prefix right before `IN=`: without a blank at the end they run into each other, without a prefix nothing tells
 * which rule it was, and the same prefix in several rules tells too little. It holds 29 characters; the kernel never sees more.
 * Without --log-level lines are warnings, which kernels print on the console unless its level is 4 or lower.
 */
export const fwLog04: Check = {
  id: 'FW-LOG-04',
  title: 'log prefixes tell rules apart and can be read by programs',
  severity: 'info',
  kinds: ['Y'],
  refs: ['iptables-extensions(8), LOG'],
  why: 'Programs that read the log need to know where the prefix ends and which rule it names.',
  fix: 'Give each log a short prefix of its own that ends in a blank.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide logs as warnings, which go to the console', v4: guide, finds: ['info 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'no blank at the end', v4: filter(['-A INPUT -j LOG --log-prefix "dropped" --log-level 6']), finds: ['info 4'] },
    { title: 'no prefix', v4: filter(['-A INPUT -j LOG --log-level 6']), finds: ['info 4'] },
    {
      title: 'one prefix twice',
      v4: filter([
        '-A INPUT -p tcp -j LOG --log-prefix "in: " --log-level 6',
        '-A INPUT -p udp -j LOG --log-prefix "in: " --log-level 6',
      ]),
      finds: ['info 4'],
    },
    {
      title: 'as it should be',
      v4: filter([
        '-A INPUT -p tcp -j LOG --log-prefix "in-tcp: " --log-level 6',
        '-A INPUT -p udp -j LOG --log-prefix "in-udp: " --log-level 6',
      ]),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

interface Fault {
  readonly what: string;
  readonly at: readonly Located[];
}

function run(subject: Subject): Answer {
  return eachText(fwLog04, subject, ({ family, ruleset }) => {
    const own = logRulesOf(ruleset).filter(({ at, by }) => templateOf(at.chain) === null && by !== 'AUDIT');
    const faults = faultsOf(ruleset, own).filter(({ at }) => at.length > 0);
    if (faults.length === 0) return known([]);
    return known([
      {
        id: fwLog04.id,
        severity: 'info',
        certainty: 'certain',
        title: `IPv${family} log lines are hard to read: ${sayFew(
          faults.map(({ what }) => what),
          5,
        )}`,
        why: faults
          .map(({ what, at }) => `${what}: ${sayFew(at.map(({ chain, rule }) => `rule ${rule} of ${chain}`))}`)
          .join('. ')
          .replace(/^./, (letter) => letter.toUpperCase())
          .concat('.'),
        family,
        at: [...new Map(faults.flatMap(({ at }) => at.map((ref) => [ref.line, ref]))).values()],
        causedBy: [],
        witness: null,
        fix: 'Write --log-prefix "NAME: " with a name of its own for each rule, ending in a blank, and --log-level info.',
        refs: fwLog04.refs,
      },
    ]);
  });
}

function faultsOf(ruleset: Ruleset, logs: readonly LogRule[]): readonly Fault[] {
  const at = (those: readonly LogRule[]): readonly Located[] => those.map((log) => log.at);
  const named = logs.filter(({ prefix }) => prefix !== '');
  const byPrefix = [...Map.groupBy(named, ({ prefix }) => prefix).values()].filter((alike) => alike.length > 1).flat();
  const level = (log: LogRule): string | undefined => {
    const { target } = readRule(ruleset, log.rule);
    return target.kind === 'extension' ? target.use.given.find(({ name }) => name === '--log-level')?.values[0] : undefined;
  };
  return [
    { what: 'no prefix', at: at(logs.filter(({ prefix }) => prefix === '')) },
    // NFLOG hands its prefix over by itself.
    { what: 'no blank behind the prefix', at: at(named.filter(({ prefix, by }) => by === 'LOG' && !/[\s]$/.test(prefix))) },
    { what: 'one prefix in several rules', at: at(byPrefix) },
    {
      what: 'lines that go to the console too',
      at: at(logs.filter((log) => log.by === 'LOG' && /^[0-4]$|^(emerg|panic|alert|crit|err|warn)/.test(level(log) ?? '4'))),
    },
  ];
}
