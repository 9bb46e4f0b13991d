import { formatPrefix, type Prefix } from '../../model/net/index.ts';
import { openReading, type StoredBan } from '../../store/index.ts';
import type { BanRecordJson, BansJson } from '../bans-shape.ts';
import { banToJson } from '../incident-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Held, type Member, readHeld } from './held.ts';

const mostOld = 1000;

/** Who is shut out now; with `past` also who was. */
export async function listBans(
  context: Context,
  { past = false, said = [] }: { readonly past?: boolean; readonly said?: readonly string[] },
): Promise<Outcome<BansJson>> {
  const now = context.clock.now();
  const stored = readStored(context);
  const held = (await context.kernel.rights()).root ? await readHeld(context) : null;
  const records = stored.slice(0, past ? undefined : stored.length).map((ban) => recordOf(ban, held, now));
  const live = newestOfEach(records.filter(({ isLive }) => isLive));
  const named = new Set(live.map(({ source }) => source));
  // What somebody put into a set by hand is shut out too.
  const strangers = [...(held?.bans ?? [])].flatMap(([source, member]): readonly BanRecordJson[] =>
    named.has(source) ? [] : [byHand(source, member, now)],
  );
  const bans = [...strangers, ...live, ...(past ? records.filter(({ isLive }) => !isLive).slice(0, mostOld) : [])];
  const value: BansJson = { action: context.settings.bans.action, bans, listed: held?.lists.length ?? null, said: [...said] };
  return { kind: 'done', value };
}

export function readStored(context: Context, source?: Prefix): readonly StoredBan[] {
  const reading = openReading(context.stateFolder);
  if (!reading.ok) return [];
  using read = reading.value;
  return read.bans(source === undefined ? {} : { source: formatPrefix(source) });
}

export function recordOf({ lifted, ...ban }: StoredBan, held: Held | null, now: number): BanRecordJson {
  const isLive = lifted === null && ban.until > now;
  const member = held?.bans.get(formatPrefix(ban.source));
  return {
    ...banToJson(ban),
    lifted: lifted === null ? null : { by: lifted.by, at: lifted.at / 1000 },
    isLive,
    inKernel: held === null ? null : isLive && member !== undefined,
    dropped: isLive ? (member?.dropped ?? null) : null,
  };
}

/** One that was proven, or that a person made longer, stands there twice. */
function newestOfEach(records: readonly BanRecordJson[]): readonly BanRecordJson[] {
  const seen = new Map<string, BanRecordJson>();
  for (const record of records) {
    const before = seen.get(record.source);
    if (before === undefined || (record.at === before.at && record.reach === 'all')) seen.set(record.source, record);
  }
  return [...seen.values()];
}

function byHand(source: string, { dropped, seconds }: Member, now: number): BanRecordJson {
  const at = now / 1000;
  const by = { kind: 'person', name: 'somebody' } as const;
  const why = 'it is in the kernel’s set, and palisade has not put it there';
  return {
    kind: 'ban',
    source,
    at,
    until: at + seconds,
    why,
    reach: 'new',
    by,
    before: 0,
    lifted: null,
    isLive: true,
    inKernel: true,
    dropped,
  };
}
