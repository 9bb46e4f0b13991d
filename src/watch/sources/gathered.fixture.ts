import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../../result.ts';
import { type LoggedPacket, packetAt } from '../events/index.ts';
import type { Source } from './index.ts';

/** All that a source has said. */
export interface Gathered {
  readonly events: LoggedPacket[];
  readonly texts: string[];
  readonly notices: string[];
  lost: number;
  passed: number;
  cursor: string | null;
  unavailable: Problem | null;
}

/**
 * What a source says until that is enough, or ten seconds passed. `act` runs once the source reads.
 *
 * @param after where an earlier reading came to.
 * @param enough so many events, or that it cannot be read; or whatever is asked.
 */
export async function gather(
  source: Source,
  after: string | null,
  enough: number | ((gathered: Gathered) => boolean),
  act: () => Promise<unknown> | unknown = () => undefined,
): Promise<Gathered> {
  const gathered: Gathered = { events: [], texts: [], notices: [], lost: 0, passed: 0, cursor: after, unavailable: null };
  const stop = new AbortController();
  const isEnough = (): boolean =>
    typeof enough === 'number' ? gathered.unavailable !== null || gathered.events.length >= enough : enough(gathered);
  const ended = take(source, after, stop.signal, gathered, () => {
    if (isEnough()) stop.abort();
  });
  await act();
  await Promise.race([ended, sleep(10_000, undefined, { ref: false })]);
  stop.abort();
  await ended;
  return gathered;
}

/** Reads a source while something is done beside it. */
export async function quiet(source: Source, act: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const ended = (async () => {
    for await (const _ of source.follow(null, stop.signal));
  })();
  try {
    await act();
  } finally {
    stop.abort();
    await ended;
  }
}

async function take(
  source: Source,
  after: string | null,
  signal: AbortSignal,
  gathered: Gathered,
  seen: () => void,
): Promise<void> {
  for await (const said of source.follow(after, signal)) {
    if (said.kind === 'batch') {
      const { batch } = said;
      for (let row = 0; row < batch.length; row += 1) {
        gathered.events.push(packetAt(batch, row));
        const from = batch.textFrom[row] as number;
        gathered.texts.push(Buffer.from(batch.text.subarray(from, from + (batch.textLength[row] as number))).toString('latin1'));
      }
      gathered.passed += said.passed;
      gathered.cursor = said.cursor;
    } else if (said.kind === 'lost') gathered.lost += said.count;
    else if (said.kind === 'notice') gathered.notices.push(said.text);
    else gathered.unavailable = said.problem;
    seen();
  }
}
