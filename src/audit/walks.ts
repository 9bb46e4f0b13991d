import { traceOf } from '../analysis/evaluate/endings.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { type Walk, walk } from '../analysis/evaluate/walk.ts';
import type { Constraint, Packet, RuleRef } from '../model/packet/index.ts';
import type { Subject } from './check.ts';

/**
 * Every way that one packet may take through the rules, one for each answer of the matches that no field tells; what a full table of
 * hashlimit drops by itself is left out. A trace says what they have in common: only the ways say what goes together.
 */
export function walksOf({ host }: Subject, packet: Packet): readonly Walk[] {
  const fact = host.rulesets[packet.family];
  if (!fact.known) return [];
  const ruleset = fact.value;
  const surroundings = surroundingsOf(host);
  const walks: Walk[] = [];
  traceOf((script) => {
    const one = walk(packet, ruleset, surroundings, script);
    walks.push(one);
    return one;
  });
  return walks.filter((one) => one.broken === null && !isFull(one) && isConsistent(one));
}

const hotdrop = '(drops the packet itself)';

function isFull({ asked }: Walk): boolean {
  return asked.some(({ answer, question }) => answer && question.text.includes(hotdrop));
}

/** Only what counts may answer the same packet now so and now so: a reverse path or the time of day stays what it is. */
function isConsistent({ asked }: Walk): boolean {
  const answers = new Map<string, boolean>();
  for (const { question, answer } of asked) {
    if (/^-m (limit|hashlimit|connlimit|recent|statistic|quota|rateest)\b/.test(question.text)) continue;
    if ((answers.get(question.text) ?? answer) !== answer) return false;
    answers.set(question.text, answer);
  }
  return true;
}

/**
 * Whether the packet may match the rule on this way. Rules that only report are not asked for their open matches: a limit may answer as
 * it likes, what is a property of the packet has to answer as it did for other rules.
 */
export function matchesOn({ path, asked }: Walk, at: RuleRef, constraint: Constraint): boolean {
  const step = path.find(({ table, chain, rule }) => table === at.table && chain === at.chain && rule === at.rule);
  if (step === undefined) return false;
  const parts = constraint.kind === 'all' ? constraint.of : [constraint];
  return parts.every((part) => {
    const inner = part.kind === 'not' ? part.of : part;
    if (inner.kind !== 'opaque' || inner.nature === 'stateful') return true;
    const before = asked.find(({ question }) => question.text === inner.text);
    return before === undefined || before.answer === (part.kind !== 'not');
  });
}
