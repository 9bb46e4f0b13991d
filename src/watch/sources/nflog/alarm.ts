/** Signals that abort at a moment, or with another signal. */
export interface Alarm extends Disposable {
  /** Aborts at a moment of `performance.now()`, or soon after. Whoever asked before is woken too. */
  before(at: number): AbortSignal;
  /** Aborts those that were handed out. */
  ring(): void;
}

export function createAlarm(signal: AbortSignal): Alarm {
  let current = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let due = Number.POSITIVE_INFINITY;
  const ring = (): void => {
    clearTimeout(timer);
    due = Number.POSITIVE_INFINITY;
    current.abort();
  };
  signal.addEventListener('abort', ring, { once: true });
  return {
    ring,
    before(at) {
      if (signal.aborted) return signal;
      if (current.signal.aborted) current = new AbortController();
      // One timer serves all who ask for the same moment.
      if (at !== due) {
        clearTimeout(timer);
        due = at;
        if (Number.isFinite(at)) timer = setTimeout(ring, Math.max(0, at - performance.now()));
      }
      return current.signal;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener('abort', ring);
    },
  };
}
