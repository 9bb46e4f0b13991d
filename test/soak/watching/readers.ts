import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { openReading } from '../../../src/store/index.ts';
import type { Holding } from '../holding.ts';
import type { Read } from './reader.ts';

/** What each case is given. */
export interface Given {
  readonly folder: string;
  readonly seconds: number;
  readonly rate: number;
  readonly holding: Holding;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** The same numbers for the same seed. */
export function chance(seed: string): () => number {
  let turn = 0;
  return () => {
    turn += 1;
    return createHash('sha256').update(`${seed} ${turn}`).digest().readUInt32BE(0) / 2 ** 32;
  };
}

/** A reader that is begun, killed and begun again. */
export interface Readers {
  readonly notices: string[];
  kills: number;
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** Starts it, and waits until it has kept where it begins. */
  begun(env?: Readonly<Record<string, string>>): Promise<void>;
  kill(): Promise<void>;
  /** Lets it end as it should. */
  end(): Promise<void>;
}

export function createReaders(state: string, read: Read): Readers {
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  let begun: () => void = () => undefined;
  const readers: Readers = {
    notices: [],
    kills: 0,
    async start(env = {}) {
      const one = spawn(process.execPath, [join(import.meta.dirname, 'reader.ts'), state, JSON.stringify(read)], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...env },
      });
      one.stdout.on('data', (text: Buffer) => {
        const lines = text.toString().trim().split('\n');
        readers.notices.push(...lines.filter((line) => line !== 'begun'));
        if (lines.includes('begun')) begun();
      });
      ended = new Promise((resolve) => one.once('exit', resolve));
      child = one;
      await new Promise((resolve) => one.once('spawn', resolve));
    },
    async begun(env = {}) {
      const waiting = new Promise<void>((resolve) => {
        begun = resolve;
      });
      await readers.start(env);
      await waiting;
    },
    async kill() {
      if (child?.exitCode !== null) return;
      child.kill('SIGKILL');
      readers.kills += 1;
      await ended;
    },
    async end() {
      if (child?.exitCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
  return readers;
}

/** Kills and restarts until the work is done: each lives until a moment after its first commit, and some die before. */
export async function harass(readers: Readers, random: () => number, work: Promise<unknown>): Promise<void> {
  let done = false;
  void work.finally(() => {
    done = true;
  });
  while (!done) {
    if (random() < 0.2) {
      await readers.start();
      await Promise.race([work, sleep(random() * 500)]);
    } else {
      await Promise.race([work, readers.begun()]);
      await Promise.race([work, sleep(random() * 1500)]);
    }
    await readers.kill();
    if (!done) await Promise.race([work, sleep(random() * random() * 2000)]);
  }
  await work;
  await readers.start();
}

/** How often each number is in the store. */
export function countsIn(state: string): Map<number, number> {
  const counts = new Map<number, number>();
  const opened = openReading(state);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  for (const { packet } of opened.value.events({ most: 2 ** 31 - 1 }))
    counts.set(packet.mark, (counts.get(packet.mark) ?? 0) + 1);
  return counts;
}

/** Waits until so many are in the store, or nothing more has come for a good while: machines are slow under load. */
export async function settled(state: string, enough: number): Promise<void> {
  let before = -1;
  let still = 0;
  while (still < 40) {
    await sleep(500);
    const now = countIn(state);
    if (now >= enough) return;
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

/** Asked of the file itself, since it is asked often. */
function countIn(state: string): number {
  const file = new DatabaseSync(join(state, 'events.db'), { readOnly: true, timeout: 5000 });
  try {
    return Number((file.prepare('SELECT count(*) AS count FROM events').get() as { count: number }).count);
  } finally {
    file.close();
  }
}
