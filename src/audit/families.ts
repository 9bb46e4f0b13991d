import { bystanders, rewritten } from '../analysis/answers/bystanders.ts';
import { type Known, known } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import type { Hook } from '../model/packet/index.ts';
import type { Ruleset } from '../model/ruleset/index.ts';
import type { Answer, Check, Subject } from './check.ts';
import type { Finding, Undetermined } from './finding.ts';
import { ipv4Absent, ipv6Off } from './surroundings.ts';

/** One family's rules, read, on a host that speaks the family. */
export interface FamilyRules {
  readonly family: Family;
  readonly ruleset: Ruleset;
  /** False where rules that palisade does not model may take packets away besides: then an accept is possible only. */
  readonly alone: boolean;
}

/** The ways on which a claim is made; on no way for claims about the text. */
const allWays: readonly Hook[] = ['input', 'forward', 'output'];

/**
 * Asks a check of each family that the host speaks. It is unknown where the rules were not read, where others rewrite packets
 * before them, and where `ask` says so.
 *
 * @param ways that the check's packets take; those of others do not matter.
 */
export function eachFamily(
  { id }: Pick<Check, 'id'>,
  subject: Subject,
  ask: (rules: FamilyRules) => Known<readonly Finding[]>,
  ways = allWays,
): Answer {
  const { host } = subject;
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  for (const family of [4, 6] as const) {
    if (family === 6 ? ipv6Off(host) : ipv4Absent(host)) continue;
    const answer = askFamily(subject, family, ask, ways);
    if (answer.known) findings.push(...answer.value);
    else unknown.push({ id, why: `IPv${family}: ${answer.why}`.replace(/^IPv(.): IPv\1 /, 'IPv$1 '), remedy: answer.remedy });
  }
  return { findings, unknown };
}

function askFamily(
  { host }: Subject,
  family: Family,
  ask: (rules: FamilyRules) => Known<readonly Finding[]>,
  ways: readonly Hook[],
): Known<readonly Finding[]> {
  const fact = host.rulesets[family];
  if (!fact.known) return fact;
  const ruleset = fact.value;
  if (ruleset.tables.every(({ rules }) => rules.length === 0)) return known([]);
  let alone = true;
  for (const way of ways) {
    const beside = bystanders(host, family, way);
    if (beside.kind === 'may-rewrite') return { known: false, ...rewritten(family, beside) };
    if (beside.kind === 'may-drop') alone = false;
  }
  return ask({ family, ruleset, alone });
}

/** The same of a check of the rules' text, whoever else sees the packets. */
export function eachText(
  check: Pick<Check, 'id'>,
  subject: Subject,
  ask: (rules: FamilyRules) => Known<readonly Finding[]>,
): Answer {
  return eachFamily(check, subject, ask, []);
}
