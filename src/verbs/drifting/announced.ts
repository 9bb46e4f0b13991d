import { driftBetween } from '../../change/index.ts';
import type { AnnouncePartJson } from '../announce-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { acceptNow, announceChange, announcedJson, endChange } from './announcing.ts';
import { baselineNow } from './baseline.ts';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const longestSeconds = 7 * 86_400;

interface Asked {
  readonly what: 'show' | 'begin' | 'commit' | 'end';
  readonly for: string;
  readonly reason?: string | undefined;
}

type Ended = Outcome<AnnouncePartJson>;

export async function announceOrAccept(context: Context, asked: Asked): Promise<Ended> {
  switch (asked.what) {
    case 'show':
      return await show(context);
    case 'begin':
      return await begin(context, asked);
    case 'commit':
      return await commit(context);
    case 'end':
      return await end(context);
  }
}

async function show(context: Context): Promise<Ended> {
  const said = announcedJson(context);
  await say(
    context,
    said === null ? { kind: 'nothing', text: 'no change by hand is announced' } : { kind: 'announced', ...said },
  );
  return { kind: 'done', value: null };
}

async function begin(context: Context, asked: Asked): Promise<Ended> {
  const seconds = Number.parseInt(asked.for, 10) * (units[asked.for.at(-1) ?? 's'] ?? 1);
  if (seconds > longestSeconds) {
    const message = `${asked.for} is longer than a week`;
    return { kind: 'invalid', problems: [{ code: 'usage', message, hint: 'announce it again when it takes longer' }] };
  }
  const said = await announceChange(context, seconds, asked.reason ?? null);
  if (!said.ok) return { kind: 'unchanged', problems: said.problems };
  await say(context, { kind: 'announced', ...said.value });
  return { kind: 'done', value: null };
}

async function end(context: Context): Promise<Ended> {
  const was = await endChange(context);
  if (!was.ok) return { kind: 'unchanged', problems: was.problems };
  await say(context, { kind: 'nothing', text: was.value ? 'the change by hand is over' : 'no change by hand was announced' });
  return { kind: 'done', value: null };
}

async function commit(context: Context): Promise<Ended> {
  // A baseline that cannot be read any more is no reason to refuse another.
  const before = baselineNow(context);
  context.progress('reading the firewall');
  const accepted = await acceptNow(context);
  if (!accepted.ok) {
    const isUnread = accepted.problems.every(({ code }) => code === 'unread');
    return { kind: isUnread ? 'unread' : 'unchanged', problems: accepted.problems };
  }
  const after = baselineNow(context);
  const isComparable = before.ok && before.value !== null && after.ok && after.value !== null;
  const changes = isComparable
    ? driftBetween(before.value.moment, after.value.moment, before.value.own).differences.filter(({ drift }) => drift)
    : null;
  const own = changes?.some(({ owner }) => owner.kind === 'own') ?? false;
  await say(context, { kind: 'accepted', ...accepted.value, changes: changes?.length ?? null, own });
  return { kind: 'done', value: null };
}

function say(context: Context, part: AnnouncePartJson): Promise<void> {
  return context.part(part);
}
