import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, hostFromTexts, type TextName } from '../../model/host/index.ts';
import { parsePrefix } from '../../model/net/index.ts';
import { problemLine } from '../../result.ts';
import { openReading, type Reading, whoWrites } from '../../store/index.ts';
import { placesIn } from '../asking/places.ts';
import type { Context, Outcome } from '../verb.ts';
import type { WatchInput } from '../watch.ts';
import type { Picture, WatchPart, WatchWish } from '../watch-shape.ts';
import { loggingOf } from './facts.ts';
import { watchHere } from './index.ts';
import { createPainter } from './picture.ts';
import { followStore } from './stored.ts';
import type { Told } from './told.ts';

const secondMs = 1000;
const readAgainMs = 60_000;
/** A second is counted once so much time has passed behind it that all of it is remembered. */
const lagSeconds = 2;

/** What of the host matters here. */
const texts: readonly TextName[] = [
  'nftSave4',
  'nftSave6',
  'legacySave4',
  'legacySave6',
  'links',
  'addresses',
  'routes4',
  'routes6',
];

/** What is known beside what is remembered. */
interface Known {
  host: Host | null;
  name: string;
  watcher: Picture['watcher'];
  sources: Picture['sources'];
}

/** `palisade watch`: by a watcher of its own, or by what another remembers. */
export async function watchLive(context: Context, input: WatchInput): Promise<Outcome<WatchPart>> {
  const filter = input.filter ?? null;
  if (filter !== null && parsePrefix(filter) === undefined)
    return {
      kind: 'invalid',
      problems: [
        {
          code: 'usage',
          message: `--filter ${filter} is no address`,
          hint: 'write an address or a network such as 203.0.113.0/24',
        },
      ],
    };
  const { root, why } = await context.kernel.rights();
  const host = root ? await readHost(context) : null;
  const nobody = root ? 'this is what was remembered' : `only root may watch (${why}); this is what was remembered`;
  const who = whoWrites(context.stateFolder);
  const known: Known = {
    host,
    name: host?.name ?? hostname(),
    watcher: who === null ? { kind: 'nobody', why: nobody } : { kind: 'other', who },
    sources: [],
  };
  if (input.once || host === null) {
    const opened = openReading(context.stateFolder);
    if (!opened.ok) return { kind: 'unread', problems: opened.problems };
    using reading = opened.value;
    if (input.once) await context.part(createPicture(context, known, reading)(filter));
    else await live(context, known, followStore(reading, context.clock, context.signal), filter);
    return { kind: 'done', value: null };
  }
  const own = watchHere(context, host, 'palisade watch');
  const reading = setInterval(async () => {
    known.host = await readHost(context);
    if (!context.signal.aborted) own.readAgain(known.host);
  }, readAgainMs);
  try {
    return await live(context, known, own.told, filter);
  } finally {
    clearInterval(reading);
  }
}

async function readHost({ kernel, signal }: Context): Promise<Host> {
  return hostFromTexts(await kernel.read({ signal, only: texts }));
}

/** Says what is told, and what is remembered of it, until the signal aborts. */
async function live(
  context: Context,
  known: Known,
  told: AsyncIterable<Told>,
  filter: string | null,
): Promise<Outcome<WatchPart>> {
  let showing: Promise<void> | null = null;
  let reading: Reading | null = null;
  const say = async (part: WatchPart): Promise<void> => {
    // On a screen all but what is to be read once stands in the picture.
    if (context.asked === undefined || part.kind === 'notice' || part.kind === 'picture') await context.part(part);
  };
  try {
    for await (const said of told) {
      if (said.kind === 'failed') return { kind: 'unread', problems: [said.problem] };
      note(known, said);
      for (const part of partsOf(said, context.clock.now())) await say(part);
      if (showing !== null || (said.kind !== 'watching' && said.kind !== 'taken')) continue;
      const opened = openReading(context.stateFolder);
      if (!opened.ok) return { kind: 'unread', problems: opened.problems };
      reading = opened.value;
      showing = context.asked === undefined ? counting(context, reading, say) : painting(context, known, reading, filter);
    }
    await showing;
  } finally {
    reading?.[Symbol.dispose]();
  }
  return { kind: 'done', value: null };
}

function note(known: Known, said: Told): void {
  switch (said.kind) {
    case 'watching':
      if (said.pid !== null) known.watcher = { kind: 'own' };
      known.sources = said.sources.map((source) => ({ ...source, problem: null }));
      break;
    case 'taken':
      known.watcher = { kind: 'other', who: /\((.+)\)$/.exec(said.problem.message)?.[1] ?? 'another process' };
      break;
    case 'unavailable':
      known.sources = known.sources.map((source) =>
        source.name === said.source ? { ...source, problem: problemLine(said.problem) } : source,
      );
      break;
    default:
  }
}

function partsOf(said: Told, now: number): WatchPart[] {
  switch (said.kind) {
    case 'watching':
      return [{ kind: 'watching', at: now / 1000, sources: said.sources.map(({ name }) => name), pid: said.pid }];
    case 'taken':
      return [{ kind: 'notice', text: `${said.problem.message}: what it remembers is shown.` }];
    case 'unavailable':
      return [{ kind: 'notice', text: `${said.source} is not watched: ${problemLine(said.problem)}.` }];
    case 'incident':
      return [{ ...said.incident, change: said.change }];
    case 'ban':
      return said.acted ? [said.ban] : [];
    case 'notice':
    case 'lost':
      return [said];
    case 'event':
    case 'more':
    case 'failed':
      return [];
  }
}

/** Says of each second in which something came how much it was. */
async function counting(context: Context, reading: Reading, say: (part: WatchPart) => Promise<void>): Promise<void> {
  const { clock, signal } = context;
  let counted = Math.floor(clock.now() / 1000);
  while (await wait(secondMs, signal)) {
    const upTo = Math.floor(clock.now() / 1000) - lagSeconds;
    const rates = reading.rates(Math.max(0, upTo - counted), upTo * 1000);
    for (const [index, events] of rates.entries()) if (events > 0) await say({ kind: 'second', at: counted + 1 + index, events });
    counted = Math.max(counted, upTo);
  }
}

/** Paints the picture every second, and at once when another is asked for. */
async function painting(context: Context, known: Known, reading: Reading, first: string | null): Promise<void> {
  const picture = createPicture(context, known, reading);
  let filter = first;
  let again = new AbortController();
  using _asked = context.asked?.((asked) => {
    const wish = asked as WatchWish;
    if (wish.kind === 'ban') return void shutOut(context, wish.source);
    if (wish.text !== null && parsePrefix(wish.text) === undefined)
      return void context.part({ kind: 'notice', text: `${wish.text} is no address and no network` });
    filter = wish.text;
    again.abort();
  });
  do {
    await context.part(picture(filter));
    again = new AbortController();
    await wait(secondMs, AbortSignal.any([context.signal, again.signal]));
  } while (!context.signal.aborted);
}

function createPicture({ clock, stateFolder }: Context, known: Known, reading: Reading): (filter: string | null) => Picture {
  const paint = createPainter(reading, placesIn(stateFolder));
  return (filter) => {
    const now = clock.now();
    return {
      kind: 'picture',
      at: now / 1000,
      host: known.name,
      watcher: known.watcher,
      sources: known.sources,
      ...paint(now, filter),
      logging: known.host === null ? 'unknown' : loggingOf(known.host),
    };
  };
}

/** As `palisade ban` does; what it says of it is the first line. */
async function shutOut(context: Context, source: string): Promise<void> {
  const { banNetwork } = await import('../banning/index.ts');
  const outcome = await banNetwork(context, { network: source, for: '1h', why: 'palisade watch' });
  const said = 'problems' in outcome ? outcome.problems.map(problemLine) : (outcome.value?.said ?? []);
  await context.part({ kind: 'notice', text: said.join(' ') });
}

/** False when the signal came first. */
async function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
