import { known } from '../../model/host/index.ts';
import { meaningsOf, type Rule, type Ruleset, ruleText } from '../../model/ruleset/index.ts';
import { sayRef } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { atTarget, command, ruleWords, toolIn, withoutMatch } from '../command.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Finding, Located } from '../finding.ts';
import { type LogRule, logRulesOf, rateOf, sayRate } from '../logs.ts';

/**
 * A LOG without a limit in its rule, or in all rules that lead to its chain, can be made to fill the disk by anybody. One with a
 * limit for all senders together, slower than one line a second, loses evidence: of 300 probes a limit of 5 a minute logs five
 * (measured), and who makes noise hides behind it. A limit for each source does neither. NFLOG and AUDIT write no kernel log;
 * NFLOG is asked for the first too.
 */
export const fwLog05: Check = {
  id: 'FW-LOG-05',
  title: 'logs are limited, for each source by itself',
  severity: 'medium',
  kinds: ['Y'],
  refs: ['NIST 800-53 AU-5'],
  why: 'A log without a limit is a way to fill the disk; one limit for all lets an attacker hide behind his own noise.',
  fix: 'Limit logs by source with hashlimit.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide limits all senders together', v4: guide, finds: ['medium 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'no limit', v4: filter(['-A INPUT -j LOG --log-prefix "denied: "']), finds: ['medium 4'] },
    {
      title: 'the caller limits',
      v4: filter([
        ':log - [0:0]',
        '-A INPUT -m hashlimit --hashlimit-upto 1/sec --hashlimit-mode srcip --hashlimit-name log -j log',
        '-A log -j LOG',
      ]),
      finds: [],
    },
    {
      title: 'one caller does not',
      v4: filter([':log - [0:0]', '-A INPUT -m limit --limit 5/sec -j log', '-A FORWARD -j log', '-A log -j LOG']),
      finds: ['medium 4'],
    },
    { title: 'fast enough', v4: filter(['-A INPUT -m limit --limit 10/sec --limit-burst 50 -j LOG']), finds: [] },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

/** Slower than this one limit for all loses most of a scan; ours to say. */
const slowest = 1;

function run(subject: Subject): Answer {
  return eachText(fwLog05, subject, ({ ruleset }) => {
    const logs = logRulesOf(ruleset).filter(({ by }) => by !== 'AUDIT');
    const free: LogRule[] = [];
    const slow: LogRule[] = [];
    for (const log of logs) {
      const table = ruleset.tables.find(({ name }) => name === log.at.table);
      const rate = rateOf(ruleset, log.rule);
      if (rate === null) {
        if (!counts(ruleset, log.rule) && table !== undefined && !callersLimit(ruleset, table.rules, log.rule.chain))
          free.push(log);
      } else if (rate.by === 'limit' && rate.perSecond < slowest && log.by === 'LOG') slow.push(log);
    }
    return known([
      ...(free.length === 0 ? [] : [describe(subject, ruleset, free, false)]),
      ...(slow.length === 0 ? [] : [describe(subject, ruleset, slow, true)]),
    ]);
  });
}

/** Other matches that let only some packets pass, however many come. */
function counts(ruleset: Ruleset, rule: Rule): boolean {
  return (
    meaningsOf(ruleset)
      .get(rule)
      ?.uses.some(({ name }) => ['hashlimit', 'statistic', 'quota', 'recent', 'connlimit'].includes(name)) === true
  );
}

function callersLimit(ruleset: Ruleset, rules: readonly Rule[], chain: string, depth = 0): boolean {
  const meanings = meaningsOf(ruleset);
  const callers = rules.filter((rule) => {
    const effect = meanings.get(rule)?.effect;
    return effect?.kind === 'jump' && effect.chain === chain;
  });
  if (callers.length === 0 || depth > 8) return false;
  return callers.every(
    (rule) => rateOf(ruleset, rule) !== null || counts(ruleset, rule) || callersLimit(ruleset, rules, rule.chain, depth + 1),
  );
}

function describe({ host }: Subject, ruleset: Ruleset, logs: readonly LogRule[], slow: boolean): Finding {
  const { family } = ruleset;
  const first = logs[0] as LogRule;
  const at: readonly Located[] = logs.map((log) => log.at);
  const one = logs.length === 1;
  const rate = rateOf(ruleset, first.rule);
  const names = sayFew(
    at.map((ref) => sayRef(host, ref)),
    3,
  );
  return {
    id: fwLog05.id,
    severity: 'medium',
    certainty: 'certain',
    title: slow
      ? `IPv${family} logs lose most of what happens: one slow limit for all senders`
      : `IPv${family} logs have no limit`,
    why: (slow && rate !== null
      ? `${names} ${one ? 'writes' : 'write'} ${one ? '' : 'as little as '}${sayRate(rate)} after a burst of ${rate.burst}, whoever sends: of a scan of 300 ports ${rate.burst} are logged, and others hide behind its noise.`
      : `${names} ${one ? 'writes' : 'write'} a line for every packet: whoever sends enough of them fills the disk and hides what matters.`
    ).replace(/^./, (letter) => letter.toUpperCase()),
    family,
    at,
    causedBy: [],
    witness: null,
    fix: `Limit it for each source by itself.\n${replacement(ruleset, first)}`,
    refs: fwLog05.refs,
  };
}

/** The rule with a limit of its own for each source. */
function replacement(ruleset: Ruleset, { rule, at }: LogRule): string {
  const words = ruleWords(ruleText(ruleset, rule));
  const limited = withoutMatch(words, 'limit', ['--limit', '--limit-burst']);
  const [match, target] = atTarget(limited === null ? words : [...limited.before, ...limited.after]);
  const limit = `-m hashlimit --hashlimit-upto 10/minute --hashlimit-burst 20 --hashlimit-mode srcip --hashlimit-name log${ruleset.family}-${at.rule}`;
  return `${command`${toolIn(at)} -R ${at.chain} ${at.rule} ${match}`} ${limit} ${command`${target}`}`;
}
