/** What must hold of every answer, whatever the input was. Each throws an error that says what does not. */
import type { Family } from '../../src/model/net/index.ts';
import { parseRuleset, printRuleset, type Ruleset, ruleMeaning, ruleText } from '../../src/model/ruleset/index.ts';
import { type Problem, problemCodes } from '../../src/result.ts';

/** Messages say what is wrong in a line; what they quote of the input is cut. */
const longestSentence = 300;

export function promise(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`broken promise: ${what}`);
}

/** Problems have a known code, say what is wrong and what to do in a line each, and stand inside the text. */
export function problemsHold(problems: readonly Problem[], text: string): void {
  promise(problems.length > 0, 'what is refused has a problem');
  const lines = text.split('\n');
  for (const { code, at, message, hint } of problems) {
    promise(Object.hasOwn(problemCodes, code), `${code} is a known code`);
    for (const [name, sentence] of [['message', message] as const, ['hint', hint] as const]) {
      promise(sentence !== '', `the ${name} says something`);
      promise(sentence.length <= longestSentence, `the ${name} has ${sentence.length} characters: ${sentence.slice(0, 80)}`);
      promise(!/[\n\r]/.test(sentence), `the ${name} is one line: ${JSON.stringify(sentence)}`);
    }
    if (at?.line === undefined) continue;
    promise(at.line >= 1 && at.line <= lines.length, `line ${at.line} is one of ${lines.length}`);
    if (at.column === undefined) continue;
    // Just behind a line's end is where something is missing.
    const { length } = lines[at.line - 1] ?? '';
    promise(at.column >= 1 && at.column <= length + 1, `column ${at.column} is within line ${at.line} of ${length} characters`);
  }
}

/** What is accepted stays what it is when printed and read again; says whether it was accepted. */
export function rulesetHolds(text: string, family: Family | undefined): boolean {
  const parsed = parseRuleset(text, family === undefined ? { file: 'F' } : { file: 'F', family });
  if (!parsed.ok) {
    problemsHold(parsed.problems, text);
    for (const { code, at } of parsed.problems) {
      promise(at?.file === 'F', 'a problem names the file');
      promise(code === 'ruleset-empty' || code === 'ruleset-family' || at?.line !== undefined, 'a problem has a place');
    }
    return false;
  }
  const printed = printRuleset(parsed.value);
  const again = parseRuleset(printed, { file: 'F', family: parsed.value.family });
  if (!again.ok) throw new Error(`printed, it does not read: ${JSON.stringify(again.problems)}\n${printed}`);
  promise(printRuleset(again.value) === printed, 'printing twice gives the same');
  promise(shape(again.value) === shape(parsed.value), 'what was printed says what was read');
  return true;
}

/** All that the model says of a ruleset, as text: far quicker to compare than objects. */
function shape(ruleset: Ruleset): string {
  const all = ruleset.tables.map((table) => [
    table.name,
    [...table.chains.values()].map((chain) => [chain.name, chain.policy, chain.counters, chain.rules.length]),
    table.rules.map((rule) => [rule.chain, rule.number, rule.counters, ruleText(ruleset, rule), ruleMeaning(ruleset, rule)]),
  ]);
  return JSON.stringify(all, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
