import type { Delivery, Sender } from '../../alert/index.ts';
import type { Outbox, Waiting } from '../../store/index.ts';

/** What there is of time. */
export interface Timing {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after so long, or as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

interface PostOptions {
  readonly outbox: Outbox;
  readonly channels: ReadonlyMap<string, Sender>;
  readonly timing: Timing;
  /** Below 1. */
  readonly random: () => number;
  /** What could not be delivered for so long is given up. */
  readonly giveUpMs: number;
  /** Writes the outbox down. */
  readonly commit: () => void;
  /** What people should know. */
  readonly say: (text: string) => void;
}

/** Delivers what waits: one message of a channel at a time, those of one thread in their order. */
export interface Post {
  /** Those that are being sent now. */
  readonly sending: ReadonlySet<string>;
  /** There may be something to send, or to send sooner. */
  wake(): void;
  /** Delivers until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Whoever is not there is asked again after a random part of these, which double: so that not all come at once when he is back. */
const message = { firstMs: 2000, longestMs: 15 * 60_000 } as const;
const channel = { firstMs: 1000, longestMs: 2 * 60_000 } as const;
/** A receiver may ask for no longer a rest than this. */
const longestRestMs = 3_600_000;
/** Channels keep to limits of their own, all of them shorter. */
const patienceMs = 120_000;
/** Failures in a row of which people are told. */
const toldAfter = 2;
/** Without anything to wait for it looks so often all the same. */
const idleMs = 3_600_000;

export function createPost(options: PostOptions): Post {
  const { outbox, channels, timing, random, giveUpMs, commit, say } = options;
  const sending = new Set<string>();
  const wakers = new Set<() => void>();

  /** A random part of what doubles with each failure. */
  const backOff = (failures: number, { firstMs, longestMs }: typeof message | typeof channel): number =>
    Math.ceil(random() * Math.min(longestMs, firstMs * 2 ** Math.min(failures, 20)));

  async function deliver(name: string, sender: Sender, signal: AbortSignal): Promise<void> {
    let failures = 0;
    let notBefore = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const now = timing.now();
      giveUp(name, now);
      const next = now < notBefore ? null : headOf(outbox.waiting(name), now);
      if (next === null) {
        await rest(Math.max(notBefore, nextOf(outbox.waiting(name))) - now, signal);
        continue;
      }
      const delivery = await attempt(sender, next.id, signal);
      // Cut short by the end of this process: nobody knows whether it came, and it is sent again with the same id.
      if (signal.aborted && delivery.kind === 'again') return;
      const at = timing.now();
      switch (delivery.kind) {
        case 'delivered':
          outbox.delivered(next.id, at, delivery.receipt ?? null);
          if (failures >= toldAfter) say(`Alerts get through to ${name} again.`);
          failures = 0;
          outbox.failing(name, null, at);
          break;
        case 'again': {
          failures += 1;
          const restMs = Math.min(delivery.afterMs ?? 0, longestRestMs);
          outbox.again(next.id, delivery.why, at + restMs + backOff(next.attempts, message));
          notBefore = at + restMs + backOff(failures - 1, channel);
          outbox.failing(name, delivery.why, at);
          if (failures === toldAfter)
            say(`Alerts do not get through to ${name}: ${delivery.why}. They wait, and are tried again.`);
          break;
        }
        case 'refused':
          failures = 0;
          outbox.dead(next.id, at, delivery.why);
          outbox.failing(name, delivery.why, at);
          if (next.kind !== 'renewal') say(refusal(name, delivery.why));
          break;
      }
      commit();
    }
  }

  async function attempt(sender: Sender, id: string, signal: AbortSignal): Promise<Delivery> {
    const letter = outbox.message(id);
    if (letter === null) return { kind: 'refused', why: 'what it said is gone' };
    const end = new AbortController();
    const stop = AbortSignal.any([signal, end.signal]);
    sending.add(id);
    try {
      const late = timing.sleep(patienceMs, stop).then((): Delivery => ({ kind: 'again', why: 'it does not answer' }));
      return await Promise.race([sender.send(letter, stop), late]);
    } catch (error) {
      return { kind: 'again', why: `the channel fails: ${(error as Error).message}` };
    } finally {
      sending.delete(id);
      end.abort();
    }
  }

  function giveUp(name: string, now: number): void {
    let count = 0;
    for (const { id, since } of [...outbox.waiting(name)].filter((one) => now - one.since >= giveUpMs)) {
      outbox.dead(id, now, `it could not be delivered since ${new Date(since).toISOString()}`);
      count += 1;
    }
    if (count === 0) return;
    say(
      `${count} ${count === 1 ? 'alert' : 'alerts'} to ${name} could not be delivered and ${count === 1 ? 'is' : 'are'} given up: palisade alerts lists them.`,
    );
    commit();
  }

  /** Until something changes, or after so long. */
  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    wakers.add(wake);
    await timing.sleep(Math.min(Math.max(ms, 1), idleMs), AbortSignal.any([signal, woken.signal]));
    wakers.delete(wake);
  }

  return {
    sending,
    wake() {
      for (const wake of wakers) wake();
    },
    async run(signal) {
      await Promise.all([...channels].map(([name, sender]) => deliver(name, sender, signal)));
    },
  };
}

function refusal(name: string, why: string): string {
  return `${name} has refused an alert: ${why}. It is not tried again: palisade alerts lists it.`;
}

/** The first of those that may be sent now: whoever waits for an earlier one of its thread may not. */
function headOf(waiting: Iterable<Waiting>, now: number): Waiting | null {
  const held = new Set<string>();
  for (const one of waiting) {
    if (held.has(one.thread)) continue;
    if (one.next <= now) return one;
    held.add(one.thread);
  }
  return null;
}

/** When one may be sent. */
function nextOf(waiting: Iterable<Waiting>): number {
  const held = new Set<string>();
  let next = Number.POSITIVE_INFINITY;
  for (const one of waiting) {
    if (!held.has(one.thread)) next = Math.min(next, one.next);
    held.add(one.thread);
  }
  return next;
}
