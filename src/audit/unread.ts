import type { Host } from '../model/host/index.ts';
import type { Ending, Trace } from '../model/packet/index.ts';
import { command } from './command.ts';

/** What an answer lacks, and how to get it. */
export interface Unread {
  readonly why: string;
  readonly remedy: string;
}

/** Matches without an answer that are tried out together; with more of them nothing is claimed. */
const triedOut = 6;

/**
 * Why a claim about a packet cannot be made: with some answers of the matches whose facts were not read it cannot hold.
 * `null` when it can hold whatever they say; then only matches that decide at their own time (limits, ban lists) stand in
 * between, and it is possible.
 */
export function unreadFact(
  host: Host,
  trace: Trace,
  endings: readonly Ending[],
  holds: (ending: Ending) => boolean,
): Unread | null {
  const missing = trace.dependsOn.flatMap((match) => {
    const fact = missingFact(host, match);
    return fact === null ? [] : [{ match, fact }];
  });
  const [first] = missing;
  if (first === undefined) return null;
  const matches = missing.map(({ match }) => match);
  if (matches.length <= triedOut && answersOf(matches).every((answers) => endings.some((e) => holds(e) && fits(e, answers)))) {
    return null;
  }
  return { why: `it hangs on ${matches.join(', ')}: ${first.fact.why}`, remedy: first.fact.remedy };
}

type Answers = Readonly<Record<string, boolean>>;

/** Every way in which the matches may answer. */
function answersOf(matches: readonly string[]): readonly Answers[] {
  return matches.reduce<readonly Answers[]>(
    (all, match) => all.flatMap((answers) => [false, true].map((answer) => ({ ...answers, [match]: answer }))),
    [{}],
  );
}

/** An ending that did not come by a match goes with either answer of it. */
function fits({ when }: Ending, answers: Answers): boolean {
  return Object.entries(answers).every(([match, answer]) => !Object.hasOwn(when, match) || when[match] === answer);
}

/** What would have told how a match answers; `null` when that is no fact but decided at its own time. */
function missingFact(host: Host, match: string): Unread | null {
  if (match.includes('--match-set')) {
    if (!host.sets.known) return host.sets;
    const sets = host.sets.value;
    const left = setNames(match).find((name) => !sets.has(name));
    if (left === undefined) return null;
    return {
      why: `the set ${left} is not among those that were read, or holds what palisade does not understand`,
      remedy: `look at it with \`${command`ipset list ${left}`}\``,
    };
  }
  if (!match.includes('-m addrtype')) return null;
  if (!host.addresses.known) return host.addresses;
  if (!host.routes.known) return host.routes;
  return {
    why: 'the routes do not tell the type of the address alone: some count for certain sources only, or differ between the tables local and main',
    remedy: 'ask the kernel about the address with `ip route get ADDRESS from SOURCE`',
  };
}

function setNames(match: string): readonly string[] {
  return [...match.matchAll(/--match-set ("(?:[^"\\]|\\.)*"|\S+)/g)].map(([, name = '']) =>
    name.startsWith('"') ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name,
  );
}
