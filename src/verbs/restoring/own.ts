import { resolve } from 'node:path';
import { pendingFolder, pendingState } from '../../change/index.ts';
import type { Backend, Host } from '../../model/host/index.ts';
import type { Problem } from '../../result.ts';
import type { Chosen } from '../backing-up/chosen.ts';
import { carryOut, compiledOf, hostWith, settleAlone } from '../changing/index.ts';
import { lookedAt, sessionRefusals } from '../planning/index.ts';
import { readHostAndSets } from '../reading.ts';
import type { Context, Outcome } from '../verb.ts';
import { readLive } from './live.ts';
import { ownPartOf } from './recorded.ts';
import { targetOf } from './target.ts';

/** What of a snapshot is palisade's becomes so again, as every change is made: what others have stays as it is. */
export async function restoreOwn(
  context: Context,
  { snapshot }: Chosen,
  making: { readonly seconds: number; readonly yes: boolean; readonly backend: Backend | undefined },
): Promise<Outcome<null>> {
  if (!['none', 'reverted'].includes(pendingState(pendingFolder(resolve(context.stateFolder))))) {
    const left = await settleAlone(context);
    if (left !== null) return { kind: 'unchanged', problems: [left] };
  }
  const live = await readLive(context);
  if (!live.ok) return { kind: 'unread', problems: live.problems };
  const target = await targetOf(context, snapshot, live.value, making.backend);
  if (!target.ok) return { kind: 'unchanged', problems: target.problems };
  const own = ownPartOf(context, target.value);
  if (own === null) return { kind: 'unchanged', problems: [nothingOwn] };
  const read = await readHostAndSets(context, { ruleset: [], backend: making.backend }, { only: lookedAt });
  if (!read.ok) return { kind: 'unread', problems: read.problems };
  // Whoever names a snapshot wants its policies too, whatever was confirmed since.
  const made = compiledOf(own.record, read.value.host, null);
  const { backend, policy, emergency, basis } = own.record;
  return await carryOut(context, read.value, hostWith(read.value.host, made), made, {
    seconds: making.seconds,
    yes: making.yes,
    reconnect: false,
    backend,
    policy,
    emergency,
    basis,
    wrongIn: (now: Host) => sessionRefusals(read.value.host, now),
  });
}

const nothingOwn: Problem = {
  code: 'restore-refused',
  message: 'the snapshot holds nothing of palisade’s',
  hint: 'leave out --only own, or run palisade uninstall to take palisade’s rules away',
};
