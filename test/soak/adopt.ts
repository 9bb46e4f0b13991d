/**
 * `npm run soak -- adopt [--origin NAME]`: the rules of every program of testdata/rulesets, as each backend printed them, become
 * policies that the engine compares with them, for every packet of both families. A line each: rules that do something, those said in
 * a policy's own words, those kept as lines of iptables, packets that differ, seconds.
 *
 * It fails where something differs or cannot be told, and where fewer than thirty programs have four fifths of their rules, or more,
 * in a policy's words.
 */
import { parseArgs } from 'node:util';
import { problemLine } from '../../src/result.ts';
import { hostOf, origins, tell } from '../policy/adopted.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { values } = parseArgs({ options: { origin: { type: 'string' } } });
/** The share of rules in a policy's words, and of how many programs each. */
const [enough, programs] = [0.8, 30];

const cells = (...words: readonly (string | number)[]): string =>
  words.map((word, index) => (index === 0 ? String(word).padEnd(34) : String(word).padStart(10))).join('');
say(cells('RULES OF', 'RULES', 'TERMS', 'RAW', 'SHARE', 'DIFFER', 'SECONDS'));
const chosen = origins.filter((name) => values.origin === undefined || name === values.origin);
const wellSaid = new Set<string>();
let [passed, failed, rules, asTerms] = [0, 0, 0, 0];
for (const origin of chosen) {
  const shares: number[] = [];
  for (const backend of ['nft', 'legacy'] as const) {
    const host = hostOf(origin, backend);
    if (host === null) continue;
    const told = tell(origin, host);
    const { adoption } = told;
    const share = told.rules === 0 ? '-' : `${Math.floor((100 * told.asTerms) / told.rules)} %`;
    const seconds = told.seconds.toFixed(2);
    if (adoption.kind === 'refused') {
      failed += 1;
      say(cells(`${origin} (${backend})`, '-', '-', '-', '-', 'refused', seconds));
      for (const problem of adoption.problems) say(`    ${problemLine(problem)}`);
      continue;
    }
    passed += 1;
    say(cells(`${origin} (${backend})`, told.rules, told.asTerms, told.raw, share, 0, seconds));
    rules += told.rules;
    asTerms += told.asTerms;
    shares.push(told.rules === 0 ? 0 : told.asTerms / told.rules);
  }
  if (shares.length > 0 && shares.every((share) => share >= enough)) wellSaid.add(origin);
}
say('');
say(`${asTerms} of ${rules} rules (${Math.floor((100 * asTerms) / Math.max(1, rules))} %) are said in a policy’s own words`);
say(`${wellSaid.size} programs have ${100 * enough} % of their rules or more in them, with either backend`);
if (values.origin === undefined && wellSaid.size < programs) failed += 1;
say(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
