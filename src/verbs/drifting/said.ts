import type { Problem } from '../../result.ts';
import type { DriftPartJson } from '../drift-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Baseline, baselineNow, readBaseline } from './baseline.ts';
import { lookForDrift } from './looking.ts';
import { momentNow } from './moment.ts';
import { bootStandings } from './persistence.ts';

interface Asked {
  readonly since?: string | undefined;
  readonly boot: boolean;
  readonly most: number;
}

/** Says how the host stands beside what was accepted, and what its next start brings. */
export async function look(context: Context, { since, boot, most }: Asked): Promise<Outcome<DriftPartJson>> {
  const read = since === undefined ? baselineNow(context) : readBaseline(context, since);
  if (!read.ok) return { kind: 'invalid', problems: read.problems };
  let found = false;
  let open = false;
  const part = (said: DriftPartJson): Promise<void> => context.part(said);
  if (read.value !== null) {
    const { told } = await looked(context, read.value, most);
    await part(told);
    found = told.drifted;
    open = told.unknown.length > 0 || told.packets.some(({ undecided }) => undecided !== null);
  }
  if (boot) {
    context.progress('reading what the machine starts with');
    for (const standing of await bootStandings(context, most)) {
      await part(standing);
      if (standing.stands === 'differs' || standing.stands === 'nothing-saved') found = true;
      if (standing.stands === 'unknown') open = true;
    }
  }
  if (read.value === null) return { kind: 'unread', problems: [nothingAccepted] };
  return { kind: found ? 'found' : open ? 'unknown' : 'done', value: null };
}

async function looked(context: Context, baseline: Baseline, most: number) {
  context.progress('reading the firewall');
  const { moment } = await momentNow(context, baseline.moment.host);
  context.progress('comparing it with what was accepted');
  return await lookForDrift(context, baseline, moment, most);
}

const nothingAccepted: Problem = {
  code: 'unread',
  message: 'nobody has said yet how this firewall is to be',
  hint: 'palisade confirm says so after palisade apply; palisade change commit takes what stands',
};
