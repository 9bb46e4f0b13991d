import type { Family } from '../model/net/index.ts';
import type { Packet, RuleRef, Trace } from '../model/packet/index.ts';

/** From worst to mildest. */
export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof severities)[number];

/** Something that is wrong with the firewall as it stands. */
export interface Finding {
  /** The check's id, such as `FW-BASE-04`. */
  readonly id: string;
  readonly severity: Severity;
  /** `possible` when an undecided match, or something that palisade does not model, could still make it untrue. */
  readonly certainty: 'certain' | 'possible';
  /** One clause for a table row. */
  readonly title: string;
  /** What it means on this host, in a sentence or two. */
  readonly why: string;
  /** `null` when the finding is of the host, not of one family's rules. */
  readonly family: Family | null;
  /** Rules that the finding is about. */
  readonly at: readonly Located[];
  /** Rules that make it so, when they are others. */
  readonly causedBy: readonly Located[];
  /** One packet that shows it, and what becomes of it; `null` for findings that no packet can show. */
  readonly witness: Witness | null;
  /** What to change: a sentence, then rules where rules mend it. */
  readonly fix: string;
  readonly refs: readonly string[];
  /** All ports that it is about, such as `8443/tcp`; left out where it is not about ports. */
  readonly ports?: readonly string[];
}

/** The witness sent through the real kernel. */
export type Proof =
  | {
      readonly ran: true;
      readonly kernel: 'ACCEPT' | 'DROP';
      /** The rule or policy that the kernel's own tracing names. */
      readonly decidedBy: RuleRef | null;
      /** False is a fault of palisade. */
      readonly agrees: boolean;
      /** By routes that were made for it: the rules are proved, not the way there. */
      readonly led: boolean;
    }
  | { readonly ran: false; readonly why: string };

export interface Located extends RuleRef {
  /** Line in the ruleset's text; `null` for a policy that was never written. */
  readonly line: number | null;
}

export interface Witness {
  readonly packet: Packet;
  readonly trace: Trace;
}

/** A check that could not be answered, wholly or for one family. */
export interface Undetermined {
  readonly id: string;
  readonly why: string;
  readonly remedy: string;
}

export interface Report {
  /**
   * 0…100; any critical finding caps it at 40. What is unknown lowers `confidence` instead; where nothing is known of the rules there
   * is no score, since 100 for them would be read as praise.
   */
  readonly score: number | null;
  /** Percent of the checks that could be answered. */
  readonly confidence: number;
  /** Worst first, then by id and family. */
  readonly findings: readonly Finding[];
  readonly unknown: readonly Undetermined[];
}
