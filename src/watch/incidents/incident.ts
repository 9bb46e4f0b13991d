import type { Prefix } from '../../model/net/index.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

export function isWorse(one: Severity, other: Severity): boolean {
  return severities.indexOf(one) > severities.indexOf(other);
}

/** Something that happened, and goes on or is over. What alerts are about. */
export interface Incident {
  /** Unlike any other of this host's: the detector, whose it is, and when it began. */
  readonly id: string;
  /** The id of the detector that saw it first. */
  readonly detector: string;
  readonly severity: Severity;
  /** One sentence for people: who did what to whom. */
  readonly title: string;
  /** Why it is one: what was counted, and how much of it is too much. */
  readonly why: string;
  /** What to do about it, for an administrator. */
  readonly remedy: string;
  /** Those from whom it comes, each once, the first {@link mostSources} of them; addresses of IPv6 as their /64. */
  readonly sources: readonly Prefix[];
  /** How many there are in all, beyond those that are named too. An estimate where there are very many. */
  readonly sourceCount: number;
  /** Whom it is done to: addresses and ports in words, most first. */
  readonly targets: readonly string[];
  /** Epoch milliseconds of the first and the last event. */
  readonly first: number;
  readonly last: number;
  readonly events: number;
  /** Its first and its last lines, exactly as they were read; from NFLOG, as they are shown. */
  readonly evidence: readonly string[];
  /** All of the evidence could have been sent by somebody with a forged source address. */
  readonly spoofable: boolean;
  /** None of it could have been written by somebody without rights over this machine. */
  readonly trusted: boolean;
  readonly state: 'open' | 'closed';
}

/** Sources that an incident names. */
export const mostSources = 1024;
/** Lines of evidence that an incident keeps: so many first ones, and so many last ones. */
export const evidenceKept = { first: 10, last: 10 } as const;
