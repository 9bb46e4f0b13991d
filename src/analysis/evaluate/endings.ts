import type { Ending, RuleRef, Trace } from '../../model/packet/index.ts';
import { type Asked, named, type Walk } from './walk.ts';

/** So many ways a packet may end are told apart; beyond, the answer is UNDECIDED. */
export const mostEndings = 1000;

/**
 * Walks again and again, each time with the last no turned into a yes, until every combination of answers that leads
 * anywhere has been tried; then says what they have in common.
 */
export function traceOf(walkWith: (script: readonly boolean[]) => Walk): Trace {
  const { walks, broken } = walksOf(walkWith);
  return broken === null ? summarise(walks) : undecided(walks, broken);
}

/** All ways that a packet may take, or those before it had to be given up, and why. */
export function walksOf<W extends Walk>(
  walkWith: (script: readonly boolean[]) => W,
): {
  readonly walks: readonly W[];
  readonly broken: string | null;
} {
  const walks: W[] = [];
  let script: boolean[] | null = [];
  while (script !== null) {
    const next = walkWith(script);
    walks.push(next);
    if (next.broken !== null) return { walks, broken: next.broken };
    if (walks.length > mostEndings) {
      return { walks, broken: `the packet may end in more than ${mostEndings.toLocaleString('en')} ways` };
    }
    const answers = next.asked.map(({ answer }) => answer);
    while (answers.at(-1) === true) answers.pop();
    script = answers.length === 0 ? null : [...answers.slice(0, -1), true];
  }
  return { walks, broken: null };
}

function summarise(walks: readonly Walk[]): Trace {
  // The first walk answered no throughout.
  const plain = walks[0] as Walk;
  const assumed = [...new Set(walks.flatMap((one) => one.assumed))];
  if (walks.every((one) => one.verdict === plain.verdict)) {
    const { verdict, decidedBy, line, path } = plain;
    return { verdict, decidedBy, line, path, dependsOn: [], outcomes: [], assumed };
  }
  const matters = mattering(walks);
  const names = namesOf(walks.flatMap((one) => one.asked).filter(({ question }) => matters.has(question.key)));
  const first = plain.asked.find(({ question }) => matters.has(question.key));
  return {
    verdict: 'DEPENDS',
    decidedBy: first?.by ?? null,
    line: first?.line ?? null,
    path: plain.path,
    dependsOn: [...names.values()],
    outcomes: outcomes(walks, names),
    assumed,
  };
}

/**
 * The questions whose answer can change the verdict: two endings differ in verdict, and of what both were asked in
 * that one answer alone.
 */
function mattering(walks: readonly Walk[]): ReadonlySet<string> {
  const asked = walks.map((one) => new Map(one.asked.map(({ question, answer }) => [question.key, answer])));
  const matters = new Set<string>();
  for (const [index, left] of walks.entries()) {
    for (let other = index + 1; other < walks.length; other += 1) {
      if (walks[other]?.verdict === left.verdict) continue;
      const key = onlyDifference(asked[index] as Map<string, boolean>, asked[other] as Map<string, boolean>);
      if (key !== null) matters.add(key);
    }
  }
  return matters;
}

function onlyDifference(left: ReadonlyMap<string, boolean>, right: ReadonlyMap<string, boolean>): string | null {
  let found: string | null = null;
  for (const [key, answer] of left) {
    const other = right.get(key);
    if (other === undefined || other === answer) continue;
    if (found !== null) return null;
    found = key;
  }
  return found;
}

/** Each question by the text of its match; where two have the same text, with the rule that asks. */
function namesOf(asked: readonly Asked[]): ReadonlyMap<string, string> {
  const byText = new Map<string, Map<string, RuleRef>>();
  for (const { question, by } of asked) {
    const same = byText.get(question.text) ?? new Map<string, RuleRef>();
    if (!same.has(question.key)) same.set(question.key, by);
    byText.set(question.text, same);
  }
  const names = new Map<string, string>();
  for (const { question } of asked) {
    const same = byText.get(question.text) as Map<string, RuleRef>;
    if (!names.has(question.key))
      names.set(question.key, same.size === 1 ? question.text : distinct(question.key, question.text, same));
  }
  return names;
}

function distinct(key: string, text: string, same: ReadonlyMap<string, RuleRef>): string {
  const place = (by: RuleRef): string => `${by.table === 'filter' ? '' : `${by.table} `}${by.chain} rule ${by.rule}`;
  const by = same.get(key) as RuleRef;
  const alike = [...same].filter(([, other]) => named(other) === named(by)).map(([other]) => other);
  // One rule asks twice when the packet meets it twice.
  const turn = alike.length === 1 ? '' : `, time ${alike.indexOf(key) + 1}`;
  return `${text} (${place(by)}${turn})`;
}

/** The endings, told by the answers that matter; those that then read alike are one. */
function outcomes(walks: readonly Walk[], names: ReadonlyMap<string, string>): readonly Ending[] {
  const endings = new Map<string, Ending>();
  for (const { asked, verdict, decidedBy, line } of walks) {
    const when: Record<string, boolean> = {};
    for (const { question, answer } of asked) {
      const name = names.get(question.key);
      if (name !== undefined) when[name] = answer;
    }
    const key = JSON.stringify(when);
    if (!endings.has(key)) endings.set(key, { when, verdict, decidedBy, line });
  }
  return [...endings.values()];
}

function undecided(walks: readonly Walk[], why: string): Trace {
  const plain = walks[0] as Walk;
  const asked = walks.flatMap((one) => one.asked);
  return {
    verdict: 'UNDECIDED',
    decidedBy: null,
    line: null,
    path: plain.path,
    dependsOn: [...new Set(asked.map(({ question }) => question.text))],
    outcomes: [],
    assumed: [...new Set([why, ...walks.flatMap((one) => one.assumed)])],
  };
}
