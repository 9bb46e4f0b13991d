import { z } from 'zod';
import type { Host } from '../model/host/index.ts';
import { changePart } from './change-shape.ts';
import { verb } from './verb.ts';

export const rollback = verb({
  name: 'rollback',
  group: 'change',
  summary: 'undo the change that waits, or go back to what was confirmed before',
  description: `Undoes the change that waits to be confirmed. Where none waits, it goes back to what was confirmed before the last one, as
palisade apply makes a change: rehearsed, and undone again unless it is confirmed. With an ID it goes back to that one: the last twenty
are kept, by when they were made; --list names them.`,
  input: z.object({
    id: z.string().optional().describe('Go back to this one').meta({ value: 'ID', positional: true }),
    list: z.boolean().default(false).describe('Only name what can be gone back to, newest first'),
    timeout: z.int().min(5).max(3600).default(60).describe('Seconds until going back undoes itself').meta({ value: 'SECONDS' }),
    yes: z.boolean().default(false).describe('Confirm it at once, if everything is as it was to be'),
  }),
  output: changePart,
  streams: true,
  exits: {
    0: 'the host is as it was before',
    3: 'the rules could not be read',
    4: 'there is nothing to go back to, or it was undone again',
  },
  examples: [
    { command: 'palisade rollback', says: 'undo what palisade apply has just made' },
    { command: 'palisade rollback --list', says: 'what was confirmed, and when?' },
    { command: 'palisade rollback 20261130T153000123Z', says: 'go back to that one' },
  ],
  async run(context, input) {
    const { carryOut, compiledOf, hostWith, records, settleAlone } = await import('./changing/index.ts');
    const { pastIds, pendingFolder, pendingState, readPast, readRecord, revertPending } = await import('../change/index.ts');
    const files = records(context.stateFolder);
    const ids = pastIds(files.history);
    if (input.list) {
      for (const id of ids) await context.part({ kind: 'past', id, policy: readPast(files.history, id)?.policy ?? null });
      return { kind: 'done', value: null };
    }
    const folder = pendingFolder(context.stateFolder);
    const state = pendingState(folder);
    if ((state === 'waiting' || state === 'reverting') && input.id !== undefined) {
      const message = 'a change waits to be confirmed';
      const hint = 'undo it first with palisade rollback alone, or confirm it';
      return { kind: 'unchanged', problems: [{ code: 'change-waits', message, hint }] };
    }
    if (state === 'waiting' || state === 'reverting') {
      const undone = await revertPending(folder);
      if (!undone.ok) return { kind: 'unchanged', problems: undone.problems };
      await context.part({ kind: 'nothing', text: 'the change is undone' });
      return { kind: 'done', value: null };
    }
    const left = await settleAlone(context);
    if (left !== null) return { kind: 'unchanged', problems: [left] };
    const previous = input.id === undefined ? readRecord(files.previous) : readPast(files.history, input.id);
    if (previous === null && input.id !== undefined) {
      const hint = ids.length === 0 ? 'nothing was confirmed yet' : `there are ${ids.join(', ')}`;
      return { kind: 'unchanged', problems: [{ code: 'nothing-waits', message: `nothing is kept of ${input.id}`, hint }] };
    }
    if (previous === null) {
      const message = 'no change waits, and nothing was confirmed before the last one';
      return {
        kind: 'unchanged',
        problems: [{ code: 'nothing-waits', message, hint: 'run palisade uninstall to take everything away' }],
      };
    }
    const { readHostAndSets } = await import('./reading.ts');
    const { lookedAt, sessionRefusals } = await import('./planning/index.ts');
    const read = await readHostAndSets(context, { ruleset: [] }, { only: lookedAt });
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const made = compiledOf(previous, read.value.host, readRecord(files.confirmed));
    const making = {
      seconds: input.timeout,
      yes: input.yes,
      reconnect: false,
      backend: previous.backend,
      policy: previous.policy,
      emergency: previous.emergency,
      basis: previous.basis,
      wrongIn: (live: Host) => sessionRefusals(read.value.host, live),
    };
    return await carryOut(context, read.value, hostWith(read.value.host, made), made, making);
  },
});
