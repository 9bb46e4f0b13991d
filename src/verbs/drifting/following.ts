import type { Actor, By } from '../../kernel/index.ts';
import { problemLine } from '../../result.ts';
import type { DriftPartJson } from '../drift-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import type { Repaired } from './repairing.ts';
import { type Noticed, type Watching, watchDrift } from './watching.ts';

/** Says what somebody changes, until Ctrl-C. */
export async function follow(context: Context, watching: Watching): Promise<Outcome<DriftPartJson>> {
  const { root, why } = await context.kernel.rights();
  if (!root)
    return {
      kind: 'unread',
      problems: [{ code: 'unread', message: `the firewall cannot be watched: ${why}`, hint: 'run palisade as root' }],
    };
  for await (const noticed of watchDrift(context, watching)) {
    const part = partOf(context, noticed);
    if (part !== null) await context.part(part);
  }
  return { kind: 'done', value: null };
}

/** `null` of what nobody needs to be told. */
export function partOf(context: Context, noticed: Noticed): DriftPartJson | null {
  switch (noticed.kind) {
    case 'changed':
    case 'looked':
      return null;
    case 'watching':
      return { ...noticed, problems: noticed.problems.map(problemLine) };
    case 'failed':
      return { kind: 'failed', why: noticed.problems.map(problemLine) };
    case 'settled':
      return { kind: 'settled', at: context.clock.now() / 1000 };
    case 'drifted': {
      const { found, snapshot, repaired } = noticed.seen;
      return {
        kind: 'noticed',
        says: found.says,
        by: byWords(noticed.by),
        snapshot,
        repaired: repairedJson(repaired),
        drift: found,
      };
    }
  }
}

function repairedJson(repaired: Repaired | null): Extract<DriftPartJson, { kind: 'noticed' }>['repaired'] {
  if (repaired === null) return null;
  switch (repaired.kind) {
    case 'nothing':
      return { kind: 'nothing', says: [] };
    case 'suspended':
      return { kind: 'suspended', says: [repaired.why] };
    case 'repaired':
      return { kind: 'repaired', says: [...repaired.says] };
    case 'failed':
      return { kind: 'failed', says: repaired.problems.map(problemLine) };
  }
}

/** More processes are counted. */
const mostNamed = 3;

/** Who did it, as far as it can be told. */
export function byWords(by: By | null): string | null {
  const [first] = by?.processes ?? [];
  if (by === null || first === undefined) return null;
  if (by.how !== 'ran') return `by ${actorWords(first)}`;
  const named = by.processes.slice(0, mostNamed).map(actorWords);
  const more = by.processes.length - named.length;
  return `while these ran: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function actorWords({ pid, program, command, uid, loginUid, parents }: Actor): string {
  const what = command === null ? program : command.join(' ');
  const who = uid === null ? '' : `, user ${uid}${loginUid === null || loginUid === uid ? '' : ` (logged in as ${loginUid})`}`;
  const from = parents.length === 0 ? '' : `, started by ${parents.map((parent) => parent.program).join(', by ')}`;
  return `${what} (process ${pid}${who}${from})`;
}
