import type { Severity } from '../watch/incidents/incident.ts';

/** What there is to say of one incident. All of it may hold text that an attacker chose: channels escape every field for where they put it. */
export interface Alert {
  /** The incident's id: the same in every channel, in every message of it. */
  readonly key: string;
  readonly state: 'firing' | 'acknowledged' | 'resolved';
  readonly detector: string;
  readonly severity: Severity;
  /** One sentence: who did what to whom. */
  readonly title: string;
  /** What was counted, and how much of it is too much. */
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Whom it comes from, the first of them, as text. */
  readonly sources: readonly string[];
  readonly sourceCount: number;
  /** Where: addresses and ports, or chains. */
  readonly targets: readonly string[];
  /** Epoch milliseconds. */
  readonly since: number;
  readonly last: number;
  /** When it was over; `null`: it is not. */
  readonly resolvedAt: number | null;
  readonly events: number;
  /** Lines, as they were logged. */
  readonly evidence: readonly string[];
  /** Who acknowledged it. */
  readonly acknowledgedBy: string | null;
}

/** One thing to deliver by one channel, whole: it is kept as it is until it was delivered. */
export interface Message {
  /** Unlike any other: 26 characters. The same at every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  /**
   * `transition`: what has become of the alerts in it. `digest`: the same for all of a time, some of which may have come and gone meanwhile
   * (resolved, and never told as firing); whoever keeps a state of each takes it like a transition. `renewal`: still so, for receivers that forget,
   * and for people who want to be told again. `test`: asked for by somebody, to be seen and otherwise left alone.
   */
  readonly kind: 'transition' | 'digest' | 'renewal' | 'test';
  /** Messages about the same belong to one thread: the incident's key, or the group's. */
  readonly thread: string;
  /** 0 for the first of its thread to this channel, and one more with each: an earlier one of a thread was delivered, or given up, before. */
  readonly sequence: number;
  readonly host: string;
  /** Epoch milliseconds at which it was made. */
  readonly at: number;
  /** The worst of its alerts. */
  readonly severity: Severity;
  /** All resolved, all acknowledged, or else firing. */
  readonly state: Alert['state'];
  /** One line for a subject. */
  readonly title: string;
  /** Worst first. */
  readonly alerts: readonly Alert[];
  /** Further alerts that are counted and not listed. */
  readonly more: number;
}
