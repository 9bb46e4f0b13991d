import { deciders, denying, sayList } from '../blame.ts';
import type { Located, Witness } from '../finding.ts';
import type { ScriptSubject } from './check.ts';

/** Longer commands are cut: they stand in the script. */
const longest = 90;

/** `Line 2 (iptables -P INPUT DROP)`, or `line 2`. */
export function sayCommand({ timeline }: ScriptSubject, moment: number, how: 'whole' | 'short' = 'whole'): string {
  const { step, part } = timeline.moments[moment] ?? {};
  if (step == null) return how === 'short' ? 'the beginning' : 'The beginning';
  const { line, text } = step.statement;
  const table = part == null ? '' : `, table ${part},`;
  if (how === 'short') return `line ${line}${table}`;
  const [first = ''] = text.split('\n');
  return `Line ${line}${table} (${first.length > longest ? `${first.slice(0, longest)}…` : first})`;
}

/** The rules that decide about the witness, by chain and line of the script. */
export function sayWay(witness: Witness): string {
  return sayList(
    deciders([witness], denying).map(({ table, chain, rule, line }) => {
      const place = table === 'filter' ? chain : `${table} ${chain}`;
      const from = line === null ? '' : ` (line ${line})`;
      return rule === 'policy'
        ? `the policy of ${place}${from}`
        : `rule ${rule} of ${place}${line === null ? ', which stood there before,' : from}`;
    }),
  );
}

/** Where the witness is denied; a policy that no command set belongs to the command after which it counts. */
export function toScriptLine(witness: Witness, { timeline }: ScriptSubject, moment: number): readonly Located[] {
  const line = timeline.moments[moment]?.step?.statement.line ?? null;
  return deciders([witness], denying).map((place) =>
    place.line === null && place.rule === 'policy' ? { ...place, line } : place,
  );
}
