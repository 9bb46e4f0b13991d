import { useEffect, useRef, useState } from 'preact/hooks';
import type { RulesetJson, StatusJson } from '../../src/verbs/shapes.ts';
import { type Answer, getRules, getStatus } from './api.ts';
import { afterMessages, type Dropped, noneDropped } from './dropped.ts';
import { follow, type StreamMessage, type StreamState } from './events.ts';
import { afterHappenings, type Happened, nothingHappened } from './happened.ts';

/** New rows are drawn at most so often, however many packets arrive. */
const drawEveryMs = 250;

export interface LiveHost {
  readonly connection: 'connecting' | StreamState;
  readonly status: StatusJson | null;
  readonly rules: RulesetJson | null;
  readonly dropped: Dropped;
  readonly happened: Happened;
  /** Why the latest reading could not be had, although the server answers. */
  readonly problem: string | null;
}

/** Follows the stream, reads status and rules anew whenever palisade has, and gathers the dropped packets. */
export function useLiveHost(token: string, onRefused: () => void): LiveHost {
  const [connection, setConnection] = useState<LiveHost['connection']>('connecting');
  const [status, setStatus] = useState<StatusJson | null>(null);
  const [rules, setRules] = useState<RulesetJson | null>(null);
  const [dropped, setDropped] = useState<Dropped>(noneDropped);
  const [happened, setHappened] = useState<Happened>(nothingHappened);
  const [problem, setProblem] = useState<string | null>(null);
  const refused = useRef(onRefused);
  refused.current = onRefused;

  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    let reading = false;
    let again = false;
    let rulesDue = 0;
    let waiting: StreamMessage[] = [];
    let drawing: ReturnType<typeof setTimeout> | undefined;

    function take<T>(answer: Answer<T>, set: (value: T) => void): void {
      if (answer.kind === 'ok') {
        setProblem(null);
        set(answer.value);
      } else if (answer.kind === 'refused') refused.current();
      else if (answer.kind === 'said') setProblem(`${answer.message}; ${answer.hint}`);
    }
    async function read(): Promise<void> {
      if (reading) {
        again = true;
        return;
      }
      reading = true;
      do {
        again = false;
        const began = performance.now();
        const rulesToo = began >= rulesDue;
        const [newStatus, newRules] = await Promise.all([getStatus(token, signal), rulesToo ? getRules(token, signal) : null]);
        if (signal.aborted) return;
        take(newStatus, setStatus);
        if (newRules === null) continue;
        take(newRules, setRules);
        // Hit counts of unchanged rules are worth a twentieth of the time at most: 100,000 rules are 20 MB.
        rulesDue = began + 20 * (performance.now() - began);
      } while (again);
      reading = false;
    }
    function draw(): void {
      drawing = undefined;
      const messages = waiting;
      waiting = [];
      setDropped((before) => afterMessages(before, messages));
      setHappened((before) => afterHappenings(before, messages));
    }
    function onMessage(message: StreamMessage): void {
      if (message.kind === 'hello' || (message.kind === 'audited' && message.changed)) rulesDue = 0;
      if (message.kind === 'hello' || message.kind === 'audited') void read();
      if (message.kind === 'audited') return;
      waiting.push(message);
      drawing ??= setTimeout(draw, drawEveryMs);
    }
    function onState(state: StreamState): void {
      setConnection(state);
      if (state === 'refused') refused.current();
    }
    void follow(token, { message: onMessage, state: onState }, signal);
    return () => {
      gone.abort();
      clearTimeout(drawing);
    };
  }, [token]);

  return { connection, status, rules, dropped, happened, problem };
}
