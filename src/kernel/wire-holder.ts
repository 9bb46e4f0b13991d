/**
 * A program of its own: holds a {@link Wire} in the namespaces of a rehearsal that the caller cannot enter itself, because
 * they belong to a user namespace: setns(2) asks for rights in the caller's own. Started inside that user namespace, it
 * has them.
 *
 * Takes {@link Asked} and answers each with a {@link Result}, over the channel that it was started with. Ends with it.
 */
import { failed, ok } from '../result.ts';
import { openWire, type Shot, type Wire, type WireOptions } from './wire.ts';

/** `open` closes the wire of before. */
export type Asked =
  | { readonly kind: 'open'; readonly options: WireOptions }
  | { readonly kind: 'volley'; readonly shots: readonly Shot[]; readonly epoch: number };

let wire: Wire | undefined;

async function answer(asked: Asked): Promise<unknown> {
  if (asked.kind === 'open') {
    wire?.[Symbol.dispose]();
    wire = undefined;
    const opened = openWire(asked.options);
    if (!opened.ok) return failed(...opened.problems);
    wire = opened.value;
    return ok(null);
  }
  if (wire === undefined) throw new Error('a volley without an open wire');
  return wire.volley(asked.shots, asked.epoch);
}

process.on('message', async (asked: Asked) => process.send?.(await answer(asked)));
process.on('disconnect', () => process.exit());
