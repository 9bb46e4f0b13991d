import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
import { type Child, start } from '../../kernel/index.ts';
import { carriers, journalCursor, LineClock, LineReader } from '../events/index.ts';
import { lossIn, lossMatches, nextLoss } from './journal-loss.ts';
import { localZone } from './local-zone.ts';
import { Pieces } from './pieces.ts';
import type { Said, Source } from './source.ts';
import { stopped } from './stdin.ts';

export interface JournalSettings {
  readonly clock?: Clock;
  /** The kernel's own records: packets that LOG rules report. Left out where /dev/kmsg is read, so that none counts twice. */
  readonly packets: boolean;
  /** sshd's records: who logged in and who was turned away. */
  readonly logins: boolean;
  /** Another folder of journals than the machine's own, for tests. */
  readonly folder?: string;
}

/** What is asked of each record; a cursor and times come by themselves. */
const fields = 'MESSAGE,_TRANSPORT,SYSLOG_IDENTIFIER,SYSLOG_FACILITY,_UID,_COMM,_SYSTEMD_UNIT,MESSAGE_ID,N_DROPPED';
const firstPauseMs = 500;
const longestPauseMs = 60_000;
/** A program that dies as often before it has said anything cannot be used here. */
const mostDeaths = 3;

/**
 * What the journal holds of the kernel and of sshd, as `journalctl` tells it, from its cursors on: nothing is lost or comes twice while the journal itself
 * keeps it, also over restarts of the machine. What journald itself could not keep it writes down, and that is said with its number.
 */
export function openJournal(settings: JournalSettings): Source {
  return { name: 'journal', trusted: true, follow: (after, signal) => new Journal(settings, signal).follow(after) };
}

class Journal {
  private readonly settings: JournalSettings;
  private readonly signal: AbortSignal;
  private readonly clock: Clock;
  private readonly pieces: Pieces;
  private readonly of: string;
  /** Of the record that was read last. */
  private cursor: string | null = null;

  constructor(settings: JournalSettings, signal: AbortSignal) {
    this.settings = settings;
    this.signal = signal;
    this.clock = settings.clock ?? systemClock;
    this.pieces = new Pieces(new LineReader(new LineClock(this.clock.now(), { zone: localZone }), carriers.journal), true);
    this.of = [settings.packets ? 'packets' : '', settings.logins ? 'logins' : ''].filter(Boolean).join('+');
  }

  async *follow(after: string | null): AsyncGenerator<Said> {
    const since = `--since=@${(this.clock.now() / 1000).toFixed(6)}`;
    const before = after === null ? null : parseCursor(after);
    this.cursor = before?.at ?? null;
    // Where another part of the journal was read before, its last record is none of this one.
    let mayBeGone = before?.of === this.of;
    let deaths = 0;
    let pauseMs = firstPauseMs;
    if (this.cursor === null) yield* this.findEnd();
    while (!this.signal.aborted) {
      const cursor = this.cursor;
      // Following shows records of this start of the machine alone (journalctl -f), so what was before is read first.
      let end = cursor === null ? null : yield* this.run(this.from(cursor), cursor, mayBeGone);
      mayBeGone = false;
      if (end === null || end.status === 0) {
        const next = this.cursor;
        end = yield* this.run(['-f', '--no-tail', ...(next === null ? [since] : this.from(next))], next, false);
      }
      if (this.signal.aborted) return;
      if (this.cursor === cursor) deaths += 1;
      else {
        deaths = 0;
        pauseMs = firstPauseMs;
      }
      const why = end.stderr.trim().split('\n').at(-1) ?? '';
      if (end.status === 127 || (deaths >= mostDeaths && this.cursor === null)) {
        yield unread(end.status === 127 ? 'there is no journalctl' : why);
        return;
      }
      yield {
        kind: 'notice',
        text: `journalctl ended (${why === '' ? `status ${end.status}` : why}): it is begun again where it was.`,
      };
      await sleep(pauseMs, undefined, { signal: this.signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }

  /** The last record that there is by now: what comes behind it is new. */
  private async *findEnd(): AsyncGenerator<Said> {
    const argv = ['-n', '1'];
    await using child = this.start(argv);
    let text = '';
    for await (const piece of stopped(child.output, this.signal)) text += Buffer.from(piece).toString('latin1');
    const { stderr } = await child.ended;
    const hint = stderr.split('\n').find((line) => line.startsWith('Hint: '));
    if (hint !== undefined)
      yield { kind: 'notice', text: 'Only root, and members of the group systemd-journal, see all of the journal.' };
    const bytes = Buffer.from(text.trimEnd(), 'latin1');
    this.cursor = journalCursor(bytes, 0, bytes.length);
    if (this.cursor === null) return;
    this.pieces.batch.clear();
    yield { kind: 'batch', batch: this.pieces.batch, cursor: this.formatted(), passed: 0 };
  }

  /**
   * Not `--after-cursor`: where that record is gone, the first behind it would be left out. So it is asked for, and passed over if it comes.
   */
  private from(cursor: string): readonly string[] {
    return [`--cursor=${cursor}`];
  }

  private start(options: readonly string[]): Child {
    const { packets, logins, folder } = this.settings;
    const where = folder === undefined ? [] : [`--directory=${folder}`];
    const matches = [
      ...(packets ? [['_TRANSPORT=kernel']] : []),
      ...(logins ? [['_UID=0', '_COMM=sshd', '_COMM=sshd-session', '_COMM=sshd-auth']] : []),
      lossMatches,
    ];
    const asked = matches.flatMap((match, index) => (index === 0 ? match : ['+', ...match]));
    return start({
      argv: ['journalctl', '-o', 'json', '--no-pager', `--output-fields=${fields}`, ...where, ...options, ...asked],
    });
  }

  /** Takes what it says until it ends; answers how it ended. @param known the cursor that it was told to begin with. */
  private async *run(
    options: readonly string[],
    known: string | null,
    mayBeGone: boolean,
  ): AsyncGenerator<Said, { readonly status: number; readonly stderr: string }> {
    await using child = this.start(options);
    const { buffer, room, lines } = this.pieces;
    lines.isWithin = false;
    let kept = 0;
    let isFirst = known !== null;
    for await (const bytes of stopped(child.output, this.signal)) {
      for (let from = 0; from < bytes.length; ) {
        const piece = bytes.subarray(from, from + room.length - kept);
        buffer.set(piece, kept);
        from += piece.length;
        const to = kept + piece.length;
        let at = 0;
        if (isFirst) {
          const end = buffer.subarray(0, to).indexOf(10);
          if (end >= 0) {
            isFirst = false;
            if (journalCursor(buffer, 0, end) === known) at = end + 1;
            else if (mayBeGone)
              yield {
                kind: 'notice',
                text: 'The journal no longer holds what was read last: what it has deleted since was not read.',
              };
          }
        }
        if (!isFirst) at = yield* this.take(at, to);
        buffer.copyWithin(0, at, to);
        kept = to - at;
      }
    }
    return this.signal.aborted ? { status: 0, stderr: '' } : await child.ended;
  }

  /** Each record of a loss is a batch of its own, right behind the word of it: both are kept, or neither. */
  private *take(from: number, to: number): Generator<Said, number> {
    const { pieces } = this;
    let at = from;
    for (;;) {
      const loss = nextLoss(pieces.buffer, at, to);
      if (loss === null) return yield* pieces.take(at, to, (came) => this.came(at, came));
      if (loss.from > at) yield* pieces.take(at, loss.from, (came) => this.came(at, came));
      const lost = lossIn(pieces.buffer, loss.from, loss.to, this.settings);
      if (lost !== null) yield lost;
      yield* pieces.take(loss.from, loss.to + 1, (came) => this.came(loss.from, came));
      at = loss.to + 1;
    }
  }

  /** The cursor of the last record before a place of the buffer. */
  private came(from: number, to: number): string | null {
    const { buffer } = this.pieces;
    for (let end = to - 1; end > from; ) {
      const begin = buffer.lastIndexOf(10, end - 1) + 1;
      const cursor = journalCursor(buffer, Math.max(begin, from), end);
      if (cursor !== null) {
        this.cursor = cursor;
        break;
      }
      // What is no record holds no event either.
      end = begin - 1;
    }
    return this.formatted();
  }

  private formatted(): string | null {
    return this.cursor === null ? null : JSON.stringify({ of: this.of, at: this.cursor });
  }
}

function parseCursor(text: string): { readonly of: string; readonly at: string } | null {
  try {
    const { of, at } = JSON.parse(text) as Record<string, unknown>;
    return typeof of === 'string' && typeof at === 'string' ? { of, at } : null;
  } catch {
    // No cursor of ours.
    return null;
  }
}

function unread(why: string): Said {
  return {
    kind: 'unavailable',
    problem: {
      code: 'unread',
      message: `the journal cannot be read (${why})`,
      hint: 'use a host with systemd, or name another source in watch: { sources: […] }',
    },
  };
}
