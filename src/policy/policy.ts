import type { Family, Ranges } from '../model/net/index.ts';
import type { AddressType, State } from '../model/packet/index.ts';
import type { Place } from '../result.ts';

/** What becomes of packets that a rule, or none, speaks of. */
export type Ending = 'accept' | 'drop' | 'reject';

/** What a whole policy says, for both families, with every name looked up. */
export interface Policy {
  readonly otherwise: Readonly<Record<Way, Ending>>;
  /** What every server needs, each switched off by its name. */
  readonly basics: Readonly<Record<Basic, boolean>>;
  readonly sets: ReadonlyMap<string, AddressSet>;
  readonly incoming: readonly Item[];
  readonly outgoing: readonly Item[];
  readonly forwarded: readonly Item[];
  /** About ports that Docker publishes, by the host's port; what none allows is dropped. `null`: nothing is said of Docker. */
  readonly docker: readonly Rule[] | null;
  readonly log: Logging | null;
  readonly protect: Protection;
  /** Lines of iptables that stand in no list: for other tables. */
  readonly lines: readonly RawLine[];
  readonly tests: readonly Test[];
  /** Sets that lack addresses which could not be had, each with why. */
  readonly lacking: readonly { readonly set: string; readonly why: string }[];
  /** Of sets that are fetched what they hold, and as of when. */
  readonly fetched: readonly { readonly set: string; readonly said: string }[];
}

export const ways = ['incoming', 'forwarded', 'outgoing'] as const;
export type Way = (typeof ways)[number];

export const basics = ['loopback', 'established', 'icmp', 'dhcp'] as const;
/**
 * `loopback`: the host speaks to itself. `established`: replies, and what belongs to a connection. `icmp`: the messages without
 * which IPv4 or IPv6 breaks (RFC 4890, RFC 1191), and ping. `dhcp`: answers to the host's own DHCPv6 client.
 */
export type Basic = (typeof basics)[number];

/** Addresses by name. */
export interface AddressSet {
  readonly name: string;
  readonly members: Readonly<Record<Family, Ranges<bigint>>>;
  /** Others say who is in it: those who write a feed, or the lists of countries. */
  readonly listed: boolean;
  /** It may say who logs in: all but feeds to which the administrator does not leave that. */
  readonly trusted: boolean;
}

/** Addresses on one side of a connection; of a family without any the rule says nothing. */
export interface Addresses {
  readonly ranges: Readonly<Record<Family, Ranges<bigint>>>;
  /** True for `anyone-except`: all but these. */
  readonly except: boolean;
  /** Those of `ranges` that only others name: feeds and lists of countries. */
  readonly listed: Readonly<Record<Family, Ranges<bigint>>>;
  /** Feeds among them that may not say who logs in, by name. */
  readonly feeds: readonly string[];
  /** How the policy names them. */
  readonly text: string;
}

/** One kind of traffic: a protocol, with ports where it has some. */
export interface Service {
  /** IANA's number. */
  readonly proto: number;
  /** Destination ports; `null` for all, and for protocols without any. */
  readonly ports: Ranges<number> | null;
  /** ICMP type, for `ping` and `icmp:3`; `null` for all. */
  readonly icmpType: number | null;
  /** Code of that type; `null` for all. */
  readonly icmpCode: number | null;
  /** ICMP and ICMPv6 are of one family each. */
  readonly families: readonly Family[];
}

/** Which packets something is said of. */
export interface Conditions {
  /** `null`: any. */
  readonly services: readonly Service[] | null;
  /** `null`: anyone. */
  readonly from: Addresses | null;
  readonly to: Addresses | null;
  /** Links that it arrives on, as iptables writes them (`eth+`); `null`: any. */
  readonly via: readonly string[] | null;
  /** Links that it leaves by. */
  readonly out: readonly string[] | null;
  /** What few rules say; left out: nothing more. */
  readonly more?: MoreConditions | null;
}

/** Conditions that rules of other firewalls have, and few policies. */
export interface MoreConditions {
  readonly families: readonly Family[];
  /** Links that it does not arrive on, or leave by. */
  readonly notVia: string | null;
  readonly notOut: string | null;
  /** What tracking says of its connection. */
  readonly states: readonly State[] | null;
  /** Of the services that have ports. */
  readonly sourcePorts: Ranges<number> | null;
  /** Of TCP: `(flags & mask) === value`, or the reverse. */
  readonly flags: { readonly mask: number; readonly value: number; readonly except: boolean } | null;
  /** How far it may still go: 255 from a neighbour, of messages that begin so. */
  readonly hops: number | null;
  /** The helper of tracking that its connection belongs to. */
  readonly helper: string | null;
  /** What the addresses are to this host. */
  readonly fromKind: AddressType | null;
  readonly toKind: AddressType | null;
}

export interface Rule extends Conditions {
  readonly kind: 'rule';
  readonly at: Place;
  readonly ending: Ending;
  /** What is answered to what is rejected; `null`: a reset to TCP, a closed port to all else. */
  readonly answer: Answer | null;
  readonly limit: Limit | null;
  /** Of packets; those beyond go on to later rules. */
  readonly upTo: UpTo | null;
  readonly log: boolean;
  /** Families whose source address becomes that of the link it leaves by; of forwarded rules alone. */
  readonly masquerade: readonly Family[];
  /** Where it is sent on to; of forwarded rules alone. */
  readonly sendTo: Target | null;
  readonly note: string | null;
  readonly owner: string | null;
  /** Seconds since 1970, from when on it is no longer there; `null`: never. */
  readonly expires: number | null;
}

export interface Target {
  readonly family: Family;
  readonly address: bigint;
  /** `null`: the port that it came to. */
  readonly port: number | null;
}

/** What a rejected packet is answered with, by the names that both families have for it. */
export type Answer =
  | 'tcp-reset'
  | 'port-unreachable'
  | 'host-unreachable'
  | 'no-route'
  | 'admin-prohibited'
  | 'host-prohibited'
  | 'net-prohibited'
  | 'proto-unreachable'
  | 'policy-fail'
  | 'reject-route';

/** Rules about the same packets, asked in turn of those alone; what none of them decides about goes on behind the group. */
export interface Group extends Conditions {
  readonly kind: 'group';
  readonly at: Place;
  /** More conditions, as iptables writes them; `null`: none. */
  readonly matches: string | null;
  readonly items: readonly Item[];
  /** What its rules do not decide about leaves the list around it too. */
  readonly leaves: boolean;
  readonly note: string | null;
}

/** Packets of which the rest of its group says nothing. */
export interface Leave extends Conditions {
  readonly kind: 'leave';
  readonly at: Place;
}

/** Packets that are logged, and go on. */
export interface Report extends Conditions {
  readonly kind: 'report';
  readonly at: Place;
  readonly prefix: string | null;
  /** So many lines; `null`: one for each packet. */
  readonly lines: UpTo | null;
  /** Of syslog, 0 to 7; 4 is the usual one. */
  readonly level: number;
  /** What else each line tells, as iptables names it behind `--log-`. */
  readonly details: readonly string[];
  readonly note: string | null;
}

/** What stands in an ordered list. */
export type Item = Rule | RawLine | Group | Leave | Report;

/** So many of what matches. */
export interface UpTo {
  /** As `3/minute`. */
  readonly rate: string;
  readonly burst: number;
}

/** How much a rule takes; the rest goes on or ends. */
export interface Limit {
  /** `new`: new connections, with a burst of `amount`; `packets` or `bytes`: of all that belongs to them, a second. */
  readonly of: 'new' | 'packets' | 'bytes';
  readonly amount: number;
  readonly withinSeconds: number;
  readonly per: 'source' | 'all';
  /** What becomes of the rest; `next`: later rules decide. */
  readonly beyond: Ending | 'next';
}

export interface Logging {
  /** Lines a minute, at most. */
  readonly perMinute: number;
  readonly prefix: string;
}

export interface Protection {
  /** Sources that nobody outside can have: links on which they are dropped; `null`: they are not looked at. */
  readonly bogons: readonly string[] | null;
  readonly badFlags: boolean;
  readonly newNotSyn: boolean;
  /** New TCP connections of one source; `null`: as many as it likes. */
  readonly synFlood: Limit | null;
  readonly earlyDrop: boolean;
}

/** A line of iptables, which stands among the rules as it is. */
export interface RawLine {
  readonly kind: 'line';
  readonly at: Place;
  readonly families: readonly Family[];
  readonly table: string;
  /** A built-in chain. */
  readonly chain: string;
  /** Matches and target, as they stand behind `-A CHAIN`; of a group of lines its matches. */
  readonly text: string;
  /** Lines asked of what the matches hold for; `null`: it is a line itself. */
  readonly below: readonly RawPart[] | null;
}

/** A line within a group of lines, or a group of its own. */
export interface RawPart {
  readonly text: string;
  readonly below: readonly RawPart[] | null;
}

/** Something that must hold of new connections over a link, below every limit. */
export interface Test {
  readonly at: Place;
  readonly can: boolean;
  /** `null`: anyone. */
  readonly from: Addresses | null;
  readonly to: Addresses | null;
  readonly via: readonly string[] | null;
  readonly out: readonly string[] | null;
  readonly way: Way;
  readonly services: readonly Service[] | null;
  readonly text: string;
}

/** Of addresses that nobody else has a say in. */
export const noneListed: Pick<Addresses, 'listed' | 'feeds'> = { listed: { 4: [], 6: [] }, feeds: [] };
