import { bystanders } from '../../analysis/answers/bystanders.ts';
import type { Known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Answer, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import type { Finding, Undetermined } from '../finding.ts';
import type { Unread } from '../unread.ts';
import { type Door, doorsOf, isAbsent, unseen } from './doors.ts';

/** What a check says of one family: findings, or why it cannot say. */
export type Said = readonly Finding[] | { readonly unknown: Unread };

/** Asks both families, each if the host has it. */
export function ofFamilies(
  subject: Subject,
  id: string,
  ask: (family: Family) => Said,
  families: readonly Family[] = [4, 6],
): Answer {
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  for (const family of families) {
    if (isAbsent(subject, family)) continue;
    const said = ask(family);
    if ('unknown' in said) unknown.push({ id, why: `IPv${family}: ${said.unknown.why}`, remedy: said.unknown.remedy });
    else findings.push(...said);
  }
  // What both families lack for one reason is said once.
  const distinct = new Map(unknown.map((one) => [one.why.replace(/^IPv[46]: /, ''), one]));
  return { findings, unknown: [...distinct.values()].map((one) => ({ ...one, why: unknownOnce(one.why, unknown) })) };
}

function unknownOnce(why: string, all: readonly Undetermined[]): string {
  const plain = why.replace(/^IPv[46]: /, '');
  return all.filter((one) => one.why.replace(/^IPv[46]: /, '') === plain).length > 1 ? plain : why;
}

/** Asks about what is let in from strangers; see {@link unlessUnseen}. */
export function atDoors(
  subject: Subject,
  id: string,
  ask: (family: Family, doors: readonly Door[], engine: Engine) => Said,
): Answer {
  return ofFamilies(subject, id, (family) =>
    unlessUnseen(subject, family, 'input', (engine) => ask(family, doorsOf(subject, engine), engine)),
  );
}

/**
 * An answer about what is accepted on a way. Others that look at packets too can only take away: what the rules deny stays so,
 * and what they accept is not known; where others rewrite packets before, nothing is.
 */
export function unlessUnseen(
  subject: Subject,
  family: Family,
  hook: 'input' | 'forward' | 'output',
  ask: (engine: Engine) => Said,
): Said {
  const beside = unseen(subject, family, hook);
  if (beside !== null && bystanders(subject.host, family, hook).kind === 'may-rewrite') return { unknown: beside };
  const said = settled(subject.ask(family, ask));
  return beside !== null && !('unknown' in said) && said.length > 0 ? { unknown: beside } : said;
}

/** An answer of the engine's as what a check says. */
export function settled(answer: Known<Said>): Said {
  return answer.known ? answer.value : { unknown: answer };
}
