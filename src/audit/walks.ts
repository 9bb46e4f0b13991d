import { traceOf } from '../analysis/evaluate/endings.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { type Walk, walk } from '../analysis/evaluate/walk.ts';
import type { Packet } from '../model/packet/index.ts';
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

function isFull({ asked }: Walk): boolean {
  return asked.some(({ answer, question }) => answer && question.text.includes('(drops the packet itself)'));
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
