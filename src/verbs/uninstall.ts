import { z } from 'zod';
import type { OwnRecord } from '../change/index.ts';
import type { Host } from '../model/host/index.ts';
import { type ChangePartJson, changePart } from './change-shape.ts';
import { type Context, type Outcome, verb } from './verb.ts';

export const uninstall = verb({
  name: 'uninstall',
  group: 'change',
  summary: 'take palisade’s chains, sets and policies away, as if they had never been there',
  description: `Takes away all chains, jumps and sets that palisade has made, and gives the built-in chains the policies that they had before the
first change. Rules of other programs stay. What makes the sets of who is shut out when the machine starts stays too while saved rules ask them: it is said. It is made as palisade apply makes a change: rehearsed, and undone unless it is confirmed.

--leave-rules leaves a plain firewall that does the same: each packet meets the same rules as before, whose chains and sets are no longer
palisade's, and rules.v4, rules.v6 and ipsets hold them for the start of the machine. Files that were there are kept as *.old.`,
  input: z.object({
    timeout: z.int().min(5).max(3600).default(60).describe('Seconds until it undoes itself').meta({ value: 'SECONDS' }),
    yes: z.boolean().default(false).describe('Confirm it at once'),
    leaveRules: z
      .boolean()
      .default(false)
      .describe('Leave the rules as they are, under other names, with files that load them when the machine starts'),
    out: z
      .string()
      .default('/etc/iptables')
      .describe('With --leave-rules: where rules.v4, rules.v6 and ipsets are written, as netfilter-persistent reads them')
      .meta({ value: 'DIR', path: true }),
  }),
  output: changePart,
  streams: true,
  exits: {
    0: 'nothing of palisade is left in the firewall',
    3: 'the rules could not be read',
    4: 'it was refused or undone; the host is as it was',
  },
  examples: [
    { command: 'palisade uninstall', says: 'and confirm it with palisade confirm' },
    { command: 'palisade uninstall --leave-rules', says: 'keep the firewall, without palisade' },
  ],
  async run(context, input) {
    const { records } = await import('./changing/index.ts');
    const { hasBanStart, readRecord } = await import('../change/index.ts');
    const origin = readRecord(records(context.stateFolder).origin);
    const { areBansThere, takeBansAway } = await import('./banning/stand.ts');
    const { stillAsked } = await import('./banning/saved-rules.ts');
    const bans = areBansThere(context.stateFolder) || hasBanStart();
    if (origin === null && !bans) {
      const message = 'palisade has made no change that its state folder knows of';
      return { kind: 'unchanged', problems: [{ code: 'nothing-waits', message, hint: 'name the folder with --state' }] };
    }
    const done = origin === null ? { kind: 'done' as const, value: null } : await withoutPolicy(context, input, origin);
    if (done.kind !== 'done' || !bans) return done;
    const taken = await takeBansAway(context, origin?.backend);
    if (!taken.ok) return { kind: 'unchanged', problems: taken.problems };
    if (taken.value !== null) await context.part({ kind: 'note', text: stillAsked(taken.value) });
    return done;
  },
});

/** Takes away what was made of policies, and what was opened. */
async function withoutPolicy(
  context: Context,
  input: { readonly timeout: number; readonly yes: boolean; readonly leaveRules: boolean; readonly out: string },
  origin: OwnRecord,
): Promise<Outcome<ChangePartJson>> {
  const { carryOut, compiledOf, hostWith, records } = await import('./changing/index.ts');
  const { readRecord } = await import('../change/index.ts');
  if (input.leaveRules) return await (await import('./leaving.ts')).leaveRules(context, origin.backend, input.out);
  const { readHostAndSets } = await import('./reading.ts');
  const { lookedAt, sessionRefusals } = await import('./planning/index.ts');
  const read = await readHostAndSets(context, { ruleset: [] }, { only: lookedAt });
  if (!read.ok) return { kind: 'invalid', problems: read.problems };
  const made = compiledOf(origin, read.value.host, readRecord(records(context.stateFolder).confirmed));
  const wrongIn = (live: Host) => sessionRefusals(read.value.host, live);
  const making = {
    seconds: input.timeout,
    yes: input.yes,
    reconnect: false,
    backend: origin.backend,
    policy: null,
    basis: null,
    emergency: null,
    wrongIn,
  };
  const done = await carryOut(context, read.value, hostWith(read.value.host, made), made, making);
  // What is open for a while is ours too, and no part of any record.
  if (done.kind !== 'done') return done;
  const closed = await (await import('./opening.ts')).closeAll(context, { backend: origin.backend });
  return 'problems' in closed ? closed : done;
}
