import { z } from 'zod';
import { changePart } from './change-shape.ts';
import { verb } from './verb.ts';

export const confirm = verb({
  name: 'confirm',
  group: 'change',
  summary: 'keep the change that palisade apply has made',
  description: `Keeps the change that waits. That it can be reached shows that the new rules let somebody in, if it is run from a connection that was
made after the change, or from the console; from an older connection it asks you to open a new one first, since an old one says nothing.`,
  input: z.object({
    anyway: z.boolean().default(false).describe('Also from a connection that is older than the change'),
  }),
  output: changePart,
  streams: true,
  exits: { 0: 'the change stays', 4: 'no change waits, or it is undone already' },
  examples: [{ command: 'palisade confirm', says: 'from a new connection, once palisade apply has asked for it' }],
  async run(context, input) {
    const { confirm: keep, nothingWaits, records, settleAlone } = await import('./changing/index.ts');
    const { pendingFolder, pendingState, readRecord } = await import('../change/index.ts');
    const pending = readRecord(records(context.stateFolder).pending) as { readonly changedAt: number } | null;
    if (pending === null || pendingState(pendingFolder(context.stateFolder)) !== 'waiting')
      return { kind: 'unchanged', problems: [(await settleAlone(context)) ?? nothingWaits] };
    const { callerAddress, sessionBegan } = await import('./session.ts');
    const began = sessionBegan();
    // tmux, screen and mosh live on beside the connection: whose child we are says nothing then, and no console sets this.
    if (began === null && !input.anyway && callerAddress(context.env['SSH_CONNECTION']) !== null) {
      const message = 'you came by SSH, and whether that was before the change cannot be told from here, as within tmux';
      return {
        kind: 'unchanged',
        problems: [{ code: 'confirm-late', message, hint: 'run palisade confirm in a new connection itself, or add --anyway' }],
      };
    }
    if (began !== null && began < pending.changedAt && !input.anyway) {
      const message = 'this connection is older than the change, and says nothing of whether a new one is let in';
      return {
        kind: 'unchanged',
        problems: [{ code: 'confirm-late', message, hint: 'open a new one and run palisade confirm there' }],
      };
    }
    const { bootTried } = await import('./boot-hint.ts');
    const kept = await keep(context);
    if (!kept.ok) return { kind: 'unchanged', problems: kept.problems };
    await context.part({ kind: 'confirmed', by: null, boot: await bootTried(context) });
    return { kind: 'done', value: null };
  },
});
