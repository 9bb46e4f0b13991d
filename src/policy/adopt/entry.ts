import type { Family } from '../../model/net/index.ts';
import type { Keys } from './said.ts';

/** One entry of a list of a policy, before it is written. */
export interface Entry {
  readonly verb: 'allow' | 'deny' | 'reject' | 'log' | 'leave' | 'group' | 'iptables';
  /** Of all but lines of iptables. */
  readonly services: readonly string[];
  readonly keys: Keys;
  /** Of a line of iptables. */
  readonly line: string | null;
  /** Of a group. */
  readonly inner: readonly Entry[] | null;
  readonly note: string | null;
  readonly families: readonly Family[];
}

/** A line of another table. */
export interface TableEntry {
  readonly table: string;
  readonly chain: string;
  readonly part: Part;
  readonly families: readonly Family[];
}

/** A line, or matches with lines that are asked of what they hold for. */
export type Part = string | { readonly rule: string; readonly rules: readonly Part[] };
