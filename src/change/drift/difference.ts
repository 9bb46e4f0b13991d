import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Owner } from './owner.ts';

/** Where rules stand. */
interface Place {
  readonly family: Family;
  readonly backend: Backend;
  readonly table: string;
  readonly chain: string;
}

/** One thing in which a firewall is other than it was. Positions count from 1 within their chain. */
export type Difference = Said & {
  readonly owner: Owner;
  /** Somebody should look at it: neither a program's own, nor without any effect. */
  readonly drift: boolean;
};

export type RuleDifference = Place &
  (
    | { readonly kind: 'rule-added' | 'rule-removed'; readonly at: number; readonly text: string }
    /** `from`: where it stood in what was. */
    | { readonly kind: 'rule-moved'; readonly from: number; readonly at: number; readonly text: string }
    | { readonly kind: 'chain-added' | 'chain-removed' }
    | { readonly kind: 'policy-changed'; readonly before: string; readonly after: string }
  );

export type SetDifference =
  /** `header`: how it is made, as `ipset save` says it, without what changes by itself. `asked`: some rule asks it. */
  | { readonly kind: 'set-added' | 'set-removed'; readonly set: string; readonly header: string; readonly asked: boolean }
  | {
      readonly kind: 'set-changed';
      readonly set: string;
      readonly before: string;
      readonly after: string;
      readonly asked: boolean;
    }
  | {
      readonly kind: 'members-changed';
      readonly set: string;
      readonly asked: boolean;
      readonly added: Members;
      readonly removed: Members;
    };

/** How many, and some of them, as `ipset save` prints them. */
export interface Members {
  readonly count: number;
  readonly some: readonly string[];
}

export type NativeDifference =
  /** A base chain that iptables did not make, as `inet filter input`, and what there is to say of it in words. */
  | { readonly kind: 'hook-added' | 'hook-removed'; readonly chain: string; readonly what: string }
  | { readonly kind: 'hook-changed'; readonly chain: string; readonly before: string; readonly after: string }
  /** A rule that nft made by itself in a table of iptables', as `ip filter INPUT`: no save tool shows it as it is. */
  | {
      readonly kind: 'native-added' | 'native-removed';
      readonly family: Family;
      readonly chain: string;
      readonly handle: number;
      readonly what: string;
    }
  /** Something else in a table of nft's that sees packets. */
  | { readonly kind: 'nft-changed'; readonly table: string };

/** Which backends hold rules. */
export type Holder = 'nft' | 'legacy' | 'both' | 'none';

type Said =
  | RuleDifference
  | SetDifference
  | NativeDifference
  | { readonly kind: 'backend-changed'; readonly family: Family; readonly before: Holder; readonly after: Holder }
  | {
      readonly kind: 'table-added' | 'table-removed';
      readonly family: Family;
      readonly backend: Backend;
      readonly table: string;
    };
