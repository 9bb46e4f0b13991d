import { existsSync } from 'node:fs';
import type { Clock } from '../../clock.ts';
import type { Problem } from '../../result.ts';
import type { Libc } from '../libc.ts';
import type { Attribution, Moment } from './attribution.ts';
import type { BackendChange, Change, Part } from './change.ts';

/** What those who watch one part of the firewall share. */
export interface Watching {
  readonly calls: Libc;
  /** A process in the network namespace that is watched; ours without it. */
  readonly pid: number | undefined;
  readonly attribution: Attribution;
  readonly clock: Clock;
  readonly backends: Backends;
  emit(change: Change): void;
}

/** One part, watched until it is closed. */
export interface Watch {
  readonly part: Part;
  /** `told`: by the kernel, at once. `asked`: in process. `tools`: by programs, seldom. `absent`: the kernel has no such part yet. */
  how(): 'told' | 'asked' | 'tools' | 'absent';
  close(): void;
}

export function momentNow(clock: Clock): Moment {
  return { steady: performance.now(), wall: clock.now() };
}

/** Calls `look` again and again, never twice at once, each time after as long as it says. */
export function repeat(firstMs: number, look: () => number | Promise<number>): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  let open = true;
  const turn = async (): Promise<void> => {
    const next = await look();
    if (open) timer = setTimeout(turn, next);
  };
  timer = setTimeout(turn, firstMs);
  return {
    close() {
      open = false;
      clearTimeout(timer);
    },
  };
}

/** Looks of so many turns back count: one that others delayed does not. */
const remembered = 5;

/**
 * How long to wait for the next look: a look takes a hundredth of a processor's time, or up to three where that would take more than a
 * second.
 */
export function createPace(leastMs: number): (lookMs: number, mostMs: number) => number {
  const looks: number[] = [];
  return (lookMs, mostMs) => {
    looks.push(lookMs);
    if (looks.length > remembered) looks.shift();
    const cost = Math.min(...looks);
    return Math.min(mostMs, Math.max(leastMs, Math.min(1000, cost * 100), cost * 33));
  };
}

/** Tells once when a look has failed several times in a row, and begins anew when one succeeds. */
export function createFaults(watching: Watching, part: Part): { failed(problem: Problem): void; passed(): void } {
  let failures = 0;
  return {
    passed() {
      failures = 0;
    },
    failed(problem) {
      failures += 1;
      if (failures === 3) watching.emit({ kind: 'unwatched', at: watching.clock.now(), of: part, problem });
    },
  };
}

/** Whether the kernel has loaded a module since it was told to be absent; asking the module itself would load it. */
export function isLoaded(module: string): boolean {
  return existsSync(`/sys/module/${module}`);
}

/** Which backend holds rules, of both families; tells when it is another. */
export interface Backends {
  set(family: 4 | 6, backend: 'nft' | 'legacy', holds: boolean | null): void;
  /** What was set so far is how it began. */
  begin(): void;
}

export function createBackends(clock: Clock, emit: (change: BackendChange) => void): Backends {
  const now = { 4: { nft: null, legacy: null }, 6: { nft: null, legacy: null } } as Record<
    4 | 6,
    Record<'nft' | 'legacy', boolean | null>
  >;
  let begun = false;
  return {
    begin() {
      begun = true;
    },
    set(family, backend, holds) {
      if (now[family][backend] === holds) return;
      now[family][backend] = holds;
      if (begun) emit({ kind: 'backend', at: clock.now(), family, holds: { ...now[family] } });
    },
  };
}
