import type { HostState } from '../state/index.ts';

/** As Zabbix ranks problems. */
export type Priority = 'INFO' | 'WARNING' | 'AVERAGE' | 'HIGH' | 'DISASTER';

/** What people filter problems by. */
export type Scope = 'availability' | 'capacity' | 'notice' | 'performance' | 'security';

/**
 * A trigger. In its texts `@FIELD` stands for an item, such as `last(@drift)` for `last(/TEMPLATE/iptables.drift)`; of a prototype `@chain.policy`
 * stands for that of the discovered one.
 */
export interface Trigger {
  /** Unlike any other, and for ever: its UUID is made of it. */
  readonly id: string;
  readonly name: string;
  /** The problem's own name, where it says more. */
  readonly event?: string;
  readonly opdata?: string;
  readonly expression: string;
  readonly recovery?: string;
  /** Problems are told apart, and closed, by the value of this tag. */
  readonly each?: { readonly tag: string; readonly value: string };
  readonly priority: Priority;
  readonly scope: Scope;
  readonly says: string;
  /** Somebody has looked, and that is all there is to do. */
  readonly closedByHand?: true;
  /** It says nothing while the trigger of this id is a problem. */
  readonly below?: string;
}

export type Component =
  | 'alerts'
  | 'audit'
  | 'backup'
  | 'bans'
  | 'chains'
  | 'conntrack'
  | 'drift'
  | 'event'
  | 'exposure'
  | 'incidents'
  | 'log'
  | 'palisade'
  | 'persistence'
  | 'raw'
  | 'rules'
  | 'ruleset'
  | 'sets'
  | 'updates';

interface ItemForm {
  /** Its name in the JSON; with `iptables.` before it its key. It stays the same for ever. */
  readonly field: string;
  /** Behind `Iptables: `. */
  readonly name: string;
  /** One sentence. */
  readonly says: string;
  readonly component: Component;
  readonly type: 'UNSIGNED' | 'FLOAT' | 'CHAR' | 'TEXT';
  readonly units?: string;
  readonly valueMap?: ValueMapName;
  /** `changes`: equal values are kept once an hour. `rate`: a counter, of which the change per second is kept. Else all are. */
  readonly keeps?: 'changes' | 'rate';
  readonly triggers?: readonly Trigger[];
}

/** A number or text of the state. */
export interface Item extends ItemForm {
  /** `undefined`: it is not known, and then it is absent from the JSON. */
  of(state: HostState): number | string | undefined;
}

/** What each of many things has: one for every chain, set or rule. `field` is `chain.policy`; the key `iptables.chain.policy[ID]`. */
export interface Prototype<Thing> extends ItemForm {
  of(thing: Thing): number | string | undefined;
}

/** Things that are discovered. */
export interface Discovery<Thing = unknown> {
  /** `chain`: the numbers stand in the JSON under it, by id; the macros in a list under `chain` + `s`. */
  readonly noun: 'chain' | 'set' | 'rule';
  readonly name: string;
  readonly says: string;
  /** How many of them are told at most. */
  readonly most: number;
  /** `null`: not known. In the order of the JSON. */
  things(state: HostState): readonly Thing[] | null;
  /** What stands in keys: see `plainId`. */
  id(thing: Thing): string;
  /** Their macros, such as `{#CHAIN}` by `CHAIN`, besides `{#ID}`. */
  macros(thing: Thing): Readonly<Record<string, string>>;
  readonly macroNames: readonly string[];
  /** What is discovered: macros of a thing, held against two macros of the template. */
  readonly filters: readonly { readonly macro: string; readonly matches: string; readonly notMatches: string }[];
  /** Before the names of items: `{#FAMILY} {#TABLE}/{#CHAIN}`. */
  readonly called: string;
  readonly items: readonly Prototype<Thing>[];
}

export interface Macro {
  readonly name: `{$IPT.${string}}`;
  readonly value: string;
  readonly says: string;
}

/** Numbers that stand for words. */
export const valueMaps = {
  'no or yes': { 0: 'no', 1: 'yes' },
  'no, yes or unknown': { 0: 'no', 1: 'yes', 2: 'unknown' },
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;

export type ValueMapName = keyof typeof valueMaps;

type Parts = { [K in keyof HostState as HostState[K] extends { readonly known: boolean } ? K : never]: HostState[K] };
export type PartName = keyof Parts;
export type ValueOf<K extends PartName> = Extract<Parts[K], { readonly known: true }>['value'];

/** The parts of a state that may be unknown, as people call them. */
export const partNames: Readonly<Record<PartName, string>> = {
  audit: 'the audit',
  backends: 'which backend holds the rules',
  rulesets: 'the rulesets',
  chains: 'the chains',
  rules: 'the rules',
  drift: 'drift',
  persistence: 'what the next start loads',
  sets: 'the sets',
  conntrack: 'connection tracking',
  log: 'the log',
  incidents: 'incidents',
  bans: 'bans',
  backup: 'backups',
  updates: 'updates',
  exposure: 'what is reachable from outside',
  alerts: 'the alert channels',
};

/** Reads something off a part, unless that is unknown. `null` is not known either. */
export function from<K extends PartName>(
  part: K,
  read: (value: ValueOf<K>, state: HostState) => number | string | null,
): (state: HostState) => number | string | undefined {
  return (state) => {
    const stands = state[part];
    return stands.known ? (read(stands.value as ValueOf<K>, state) ?? undefined) : undefined;
  };
}
