import { type Moment, momentOf } from '../../change/index.ts';
import { readBody, type SnapshotBody } from '../../change/snapshots/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { Context } from '../verb.ts';

/** The host as it is, and all that a snapshot of it would keep. */
export interface Now {
  readonly moment: Moment;
  readonly body: SnapshotBody;
}

/** @param before an earlier reading: rulesets whose text is the same to the byte are taken from it */
export async function momentNow(context: Context, before?: Host): Promise<Now> {
  const body = await readBody({ kernel: context.kernel, signal: context.signal }, null);
  return { body, moment: momentOf(body, before) };
}
