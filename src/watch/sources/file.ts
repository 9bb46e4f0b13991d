import { constants, openSync, type Stats, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { type Clock, systemClock } from '../../clock.ts';
import { carriers, LineClock, LineReader, type Zone } from '../events/index.ts';
import { createBell } from './files/bell.ts';
import { generationsOf } from './files/generations.ts';
import { Log } from './files/log.ts';
import { localZone } from './local-zone.ts';
import { Pieces, takeStream } from './pieces.ts';
import type { Said, Source } from './source.ts';
import { stopped } from './stdin.ts';

export interface FileSettings {
  readonly clock?: Clock;
  /** The zone of lines that name none; default: this machine's. */
  readonly zone?: Zone;
  /** ulogd alone writes into it. Left out: that is told by its lines. */
  readonly isOfUlogd?: boolean;
  /** Nobody without rights over this machine can write into it. Default false. */
  readonly trusted?: boolean;
}

/**
 * The lines that are written into a file, through every kind of rotation: renamed and made anew, also several times at once; copied and emptied;
 * compressed while nobody read. Where nobody can tell what was between two readings it is said. A file that is not there yet is waited for; a FIFO
 * is read too, and has no memory.
 *
 * The one thing that cannot be seen: a file that was emptied and has since got more bytes than were read, of which the first 256 are the same.
 */
export function openFile(path: string, settings: FileSettings = {}): Source {
  return {
    name: path,
    trusted: settings.trusted === true,
    follow: (after, signal) =>
      until(signal, isFifo(path) ? followFifo(path, settings, signal) : followFile(path, settings, after, signal)),
  };
}

/** However much there still is to be read. */
async function* until(signal: AbortSignal, all: AsyncIterable<Said>): AsyncGenerator<Said> {
  for await (const said of all) {
    yield said;
    if (signal.aborted) return;
  }
}

async function* followFile(
  path: string,
  settings: FileSettings,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<Said> {
  const clock = settings.clock ?? systemClock;
  if (isOther(path)) {
    const message = `${path} is neither a file nor a FIFO`;
    yield { kind: 'unavailable', problem: { code: 'unread', message, hint: 'name a log file' } };
    return;
  }
  using log = new Log(path, piecesOf(settings, clock), clock);
  using bell = createBell(path, signal);
  if (after === null) yield* log.beginNow();
  else while (!(yield* log.resume(after)) && !signal.aborted) await bell.wait(true);
  while (!signal.aborted) {
    bell.listen(log.newest);
    const some = yield* log.readOn();
    // A rotation is under way, or was just seen: what comes next comes soon.
    if (!some) await bell.wait(log.isWaiting);
    else await bell.rest();
  }
}

/**
 * What a file and those that rotation made of it hold since a moment, oldest first, to their ends; those that were last written to before it are
 * left out. Nothing is followed.
 *
 * @param since epoch milliseconds.
 */
export async function* readHistory(path: string, since: number, settings: FileSettings = {}): AsyncGenerator<Said> {
  const clock = settings.clock ?? systemClock;
  using log = new Log(path, piecesOf(settings, clock), clock);
  const generations = generationsOf(path).filter(({ written }) => written >= since);
  for (const generation of generations) yield* log.readAll(generation);
}

function piecesOf(settings: FileSettings, clock: Clock): Pieces {
  const form = settings.isOfUlogd === true ? carriers.ulogdSyslog : null;
  const lines = new LineReader(new LineClock(clock.now(), { zone: settings.zone ?? localZone }), form);
  return new Pieces(lines, settings.trusted === true);
}

async function* followFifo(path: string, settings: FileSettings, signal: AbortSignal): AsyncGenerator<Said> {
  const clock = settings.clock ?? systemClock;
  let fd: number;
  try {
    // For writing too: it then does not end when a writer closes it.
    fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `${path} cannot be read (${code})`;
    yield { kind: 'unavailable', problem: { code: 'unread', message, hint: 'run as root' } };
    return;
  }
  const socket = new Socket({ fd, readable: true, writable: false });
  try {
    yield* takeStream(stopped(socket, signal), piecesOf(settings, clock), () => clock.now());
  } finally {
    socket.destroy();
  }
}

function isFifo(path: string): boolean {
  return statsOf(path)?.isFIFO() === true;
}

function isOther(path: string): boolean {
  return statsOf(path)?.isFile() === false;
}

function statsOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    // Not there, or not to be seen: it is waited for.
    return null;
  }
}
