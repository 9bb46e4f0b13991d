import { userInfo } from 'node:os';
import { banSetNames, restoreBans } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import { formatPrefix } from '../../model/net/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { openReading, type StoredBan, sayBans } from '../../store/index.ts';
import { createNever, judgeManual, networkText, sourceOf } from '../../watch/bans/index.ts';
import type { BansJson } from '../bans-shape.ts';
import { noteAlone } from '../changing/noting.ts';
import type { Context, Outcome } from '../verb.ts';
import { entriesOf, entryOf } from './entry.ts';
import { readNetwork } from './held.ts';
import { lengthOf } from './length.ts';
import { listBans } from './listed.ts';
import { readNever } from './never.ts';
import { keepForStart, rightsToBan, standBans, touchWord } from './stand.ts';

const longestMs = 52 * 604_800_000;

interface AskedBan {
  readonly network: string;
  readonly for: string;
  readonly why?: string | undefined;
  readonly backend?: Backend | undefined;
}

/** Shuts an address or a network out: first in the kernel, then in what is remembered. */
export async function banNetwork(context: Context, asked: AskedBan): Promise<Outcome<BansJson>> {
  const network = readNetwork(asked.network);
  if (network === null)
    return invalid(`"${asked.network}" is no address`, 'write an address, or a network such as 198.51.100.0/24');
  const forMs = lengthOf(asked.for);
  if (forMs === null || forMs > longestMs)
    return invalid(`--for ${asked.for} is no time up to a year`, 'write 30m, 1h, 2d or 4w');
  const rights = await rightsToBan(context);
  if (rights !== null) return { kind: 'unread', problems: [rights] };
  const { entries, problems } = await readNever(context);
  if (problems.length > 0) return { kind: 'unread', problems };
  const name = userInfo().username;
  const at = context.clock.now();
  const judged = judgeManual(createNever(entries), { network, at, forMs, why: asked.why ?? 'somebody said so', name });
  if (judged.kind === 'never') {
    const { entry, source } = judged;
    const named = networkText(source);
    const wider = entry.network.length > source.length ? `${named} holds ${networkText(entry.network)}, which` : named;
    return unchanged(`${wider} is never shut out: ${entry.why}`, 'palisade explain-ban says what else keeps it');
  }
  if (judged.kind === 'too-wide')
    return unchanged(
      `${formatPrefix(judged.source)} is wider than a /${judged.most}`,
      'name smaller networks, or write it into the policy',
    );
  const stood = await standBans(context, entries, asked.backend);
  if (!stood.ok) return { kind: 'unchanged', problems: stood.problems };
  const put = await restoreBans(context.kernel.run, entriesOf(judged.ban, at));
  if (!put.ok) return { kind: 'unchanged', problems: put.problems };
  const kept = sayBans(context.stateFolder, [{ kind: 'ban', ban: judged.ban }], context.clock, 'palisade ban');
  const forgotten = await keepForStart(context);
  touchWord(context);
  const text = networkText(judged.ban.source);
  await noteAlone(context, context.stateFolder, 'banned', null, `${text} is shut out for ${asked.for}: ${judged.ban.why}`);
  const said = [`${text} is shut out for ${asked.for}; connections that it has go on.`];
  const { written, start } = stood.value;
  if (written) said.push('The chains that ask who is shut out were made, before all other rules.');
  if (start !== null) said.push(start);
  const lost = kept.ok ? (forgotten === null ? [] : [forgotten]) : kept.problems;
  said.push(...lost.map(({ message }) => `It is not remembered beyond a restart: ${message}.`));
  return await listBans(context, { said });
}

/** Lets in again: an address, a network, or all of them. */
export async function unbanNetwork(
  context: Context,
  asked: { readonly network?: string | undefined; readonly all: boolean },
): Promise<Outcome<BansJson>> {
  const network = asked.network === undefined ? null : readNetwork(asked.network);
  if (asked.network !== undefined && network === null)
    return invalid(`"${asked.network}" is no address`, 'write an address or a network as palisade bans lists it');
  if ((network === null) !== asked.all)
    return invalid(asked.all ? 'name one, or --all' : 'nobody is named', 'write an address or a network, or --all');
  const rights = await rightsToBan(context);
  if (rights !== null) return { kind: 'unread', problems: [rights] };
  const wanted = network === null ? null : sourceOf(network);
  const live = liveBans(context);
  const meant = live.filter(({ source }) => wanted === null || formatPrefix(source) === formatPrefix(wanted));
  if (meant.length === 0 && wanted !== null) {
    const around = live.find(
      ({ source }) =>
        source.family === wanted.family && formatPrefix(sourceOf({ ...wanted, length: source.length })) === formatPrefix(source),
    );
    if (around !== undefined)
      return unchanged(
        `${networkText(wanted)} is shut out with ${formatPrefix(around.source)}`,
        `let all of it in: palisade unban ${formatPrefix(around.source)}`,
      );
  }
  const cleared = await clear(context, meant, wanted === null ? null : [wanted]);
  if (!cleared.ok) return { kind: 'unchanged', problems: cleared.problems };
  if (meant.length === 0 && wanted !== null && cleared.value === 0)
    return unchanged(`${networkText(wanted)} is not shut out`, 'palisade bans lists who is');
  const at = context.clock.now();
  const by = userInfo().username;
  const words = meant.map(({ source }) => ({ kind: 'lift', source: formatPrefix(source), at, by }) as const);
  const kept = words.length === 0 ? ok(undefined) : sayBans(context.stateFolder, words, context.clock, 'palisade unban');
  const stale = await keepForStart(context);
  touchWord(context);
  const text = wanted === null ? `${meant.length} sources` : networkText(wanted);
  await noteAlone(context, context.stateFolder, 'unbanned', null, `${text} may come in again`);
  const said = [wanted === null ? `Nobody is shut out any more; there were ${meant.length}.` : `${text} is let in again.`];
  const lost = kept.ok ? (stale === null ? [] : [stale]) : kept.problems;
  said.push(...lost.map(({ message }) => `That is not remembered: ${message}.`));
  return await listBans(context, { said });
}

function liveBans(context: Context): readonly StoredBan[] {
  const reading = openReading(context.stateFolder);
  if (!reading.ok) return [];
  using read = reading.value;
  const now = context.clock.now();
  return read.bans({}).filter(({ lifted, until }) => lifted === null && until > now);
}

/** Takes them out of the kernel; `null`: everybody, whoever put him in. How many were in. */
async function clear(
  { kernel }: Context,
  meant: readonly StoredBan[],
  wanted: readonly StoredBan['source'][] | null,
): Promise<Result<number>> {
  const sources = wanted ?? meant.map(({ source }) => source);
  let found = 0;
  if (wanted === null) {
    for (const set of [...Object.values(banSetNames.new), ...Object.values(banSetNames.all)])
      await kernel.run({ argv: ['ipset', 'flush', set] });
    return ok(0);
  }
  for (const source of sources)
    for (const kind of ['new', 'all'] as const) {
      const { network, family } = entryOf({ source }, kind, 0);
      const result = await kernel.run({ argv: ['ipset', 'del', banSetNames[kind][family], network] });
      if (result.kind !== 'exited') return failed(unreachable(result.kind));
      if (result.status === 0) found += 1;
    }
  return ok(found);
}

function unreachable(why: string): Problem {
  return { code: 'restore-refused', message: `ipset could not be asked (${why})`, hint: 'see that ipset is installed' };
}

function invalid(message: string, hint: string): Outcome<never> {
  return { kind: 'invalid', problems: [{ code: 'usage', message, hint }] };
}

function unchanged(message: string, hint: string): Outcome<never> {
  return { kind: 'unchanged', problems: [{ code: 'ban-refused', message, hint }] };
}
