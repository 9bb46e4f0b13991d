import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { ok, type Result } from '../../result.ts';
import {
  attribute,
  dump,
  eachAttribute,
  eachMessage,
  endOf,
  NETLINK_NETFILTER,
  NLM_F_DUMP,
  netfilterRequest,
  openNetlink,
  RECEIVE,
  textAt,
} from '../changes/netlink.ts';
import { errnoName, failedWith, type Libc, MSG_DONTWAIT, SOCK_RAW } from '../libc.ts';
import { isAbsent } from '../modules.ts';
import type { CountedRules, RuleCounts } from './rule-count.ts';

/** include/uapi/linux/netfilter/nf_tables.h: messages, and attributes of tables, rules and expressions. */
const subsystem = 10 << 8;
const message = { newTable: subsystem, getTable: subsystem | 1, newRule: subsystem | 6, getRule: subsystem | 7 } as const;
const generation = { new: subsystem | 15, get: subsystem | 16, id: 1 } as const;
const table = { name: 1, handle: 4 } as const;
const rule = { table: 1, chain: 2, handle: 3, expressions: 4 } as const;
const log = { group: 1 } as const;
const counter = { packets: 2 } as const;
/** NFTA_TARGET_INFO of include/uapi/linux/netfilter/nf_tables_compat.h, and where `struct xt_nflog_info` and `struct ebt_nflog_info` have their group. */
const target = { name: 1, info: 3, groupAt: 4 } as const;
/** Without the bits that say "nested" and "network order". */
const TYPE = 0x3fff;
const NLMSG_ERROR = 2;
const NLM_F_DUMP_INTR = 0x10;
/** Answers to so many questions fit into a socket's usual room. */
const together = 16;
/** Between two turns of the event loop: about a millisecond of the kernel's work. */
const receivesAtOnce = 2;
const { EBADF } = constants.errno;
/** Rules may change while they are read. */
const tries = 5;

interface FoundRule {
  readonly name: string;
  /** Its family and table. */
  readonly of: string;
  /** What asks for it alone. */
  readonly question: Buffer;
}

/**
 * Rules of nf_tables that log to a group: iptables-nft's, and those of nft itself in any family. A rule keeps its handle for life, and a table too, so
 * that whoever has the same is the same.
 */
export function openNftRules(calls: Libc, pid: number | undefined, group: number): Result<CountedRules> {
  let fd = -1;
  let found: readonly FoundRule[] = [];
  const into = Buffer.alloc(RECEIVE);

  /** False: the question would load nf_tables. */
  const isThere = (): Result<boolean> => {
    if (fd >= 0) return ok(true);
    if (isAbsent('nf_tables')) return ok(false);
    const opened = openNetlink(calls, { protocol: NETLINK_NETFILTER, type: SOCK_RAW, pid, what: 'the rules of nf_tables' });
    if (!opened.ok) return opened;
    fd = opened.value;
    return ok(true);
  };

  /** Asks all at once, and hands over what comes: all of it is there when this returns. False: one was refused. */
  const ask = (questions: readonly Buffer[], take: (type: number, from: number, to: number) => void): boolean => {
    const bytes = Buffer.concat(questions);
    if (calls.sendto(fd, bytes, bytes.length, 0, null) < 0) return false;
    let isWhole = true;
    for (;;) {
      const length = calls.recv(fd, into, MSG_DONTWAIT);
      if (failedWith(length, 'EINTR')) continue;
      if (length < 0) return isWhole && failedWith(length, 'EAGAIN');
      eachMessage(into, length, (type, _flags, from, to) => {
        if (type === NLMSG_ERROR) isWhole = false;
        else take(type, from, to);
      });
    }
  };
  const generationNow = (): number | null => {
    let id: number | null = null;
    ask([netfilterRequest(generation.get, 0, 0)], (type, from, to) => {
      if (type === generation.new) id = generationAt(into, from, to);
    });
    return id;
  };

  /** As {@link dump}, and others have their turn meanwhile: rules by thousands take the kernel a while. */
  async function dumpSlowly(request: Buffer, take: (length: number) => void): Promise<number> {
    const sent = calls.sendto(fd, request, request.length, 0, null);
    for (let turn = 1; sent >= 0; turn += 1) {
      const length = fd < 0 ? -EBADF : calls.recv(fd, into, MSG_DONTWAIT);
      if (failedWith(length, 'EINTR')) continue;
      if (length < 0) return length;
      const end = endOf(into, length);
      take(length);
      if (end !== null) return end;
      if (turn % receivesAtOnce === 0) await setImmediate();
    }
    return sent;
  }

  async function lookOnce(): Promise<RuleCounts | string | null> {
    const before = generationNow();
    const handles = new Map<string, number>();
    const tables = dump(calls, fd, netfilterRequest(message.getTable, NLM_F_DUMP, 0), into, (length) => {
      eachMessage(into, length, (type, _flags, from, to) => {
        if (type !== message.newTable) return;
        let name = '';
        let handle = 0;
        eachAttribute(into, from + 4, to, (each, start) => {
          if (each === table.name) name = textAt(into, start, to);
          else if (each === table.handle) handle = wide(into, start);
        });
        handles.set(`${into.readUInt8(from)} ${name}`, handle);
      });
    });
    const rules: FoundRule[] = [];
    const counters = new Map<string, Map<string, number>>();
    let uncounted = false;
    let torn = false;
    const read = await dumpSlowly(netfilterRequest(message.getRule, NLM_F_DUMP, 0), (length) => {
      eachMessage(into, length, (type, flags, from, to) => {
        if ((flags & NLM_F_DUMP_INTR) !== 0) torn = true;
        if (type !== message.newRule) return;
        const { counted, logs, table: inside, handle } = ruleAt(into, from + 4, to, group);
        if (counted === null && logs === 0) return;
        const family = into.readUInt8(from);
        const of = `${family} ${inside}`;
        const name = `nft ${of} ${handles.get(of) ?? 0} ${handle}`;
        if (counted !== null) {
          const all = counters.get(of) ?? new Map<string, number>();
          counters.set(of, all.set(name, counted));
        }
        if (logs === 0) return;
        if (counted === null) uncounted = true;
        rules.push({ name, question: questionOf(family, into, from + 4, to), of });
      });
    });
    // No table at all is no error: the kernel then lists nothing.
    const refused = [tables, read].find((answer) => answer < 0);
    if (refused !== undefined) return `the rules of nf_tables cannot be read (${errnoName(refused)})`;
    if (torn || before === null || generationNow() !== before) return null;
    if (uncounted) return 'a rule of nft that logs to it has no counter beside "log"';
    found = rules;
    const held = new Set(rules.map(({ of }) => of));
    return {
      rules: rules.map(({ name }) => name),
      counters: new Map([...counters].flatMap(([of, all]) => (held.has(of) ? [...all] : []))),
    };
  }

  return ok({
    async look() {
      found = [];
      const there = isThere();
      if (!there.ok) return `the rules of nf_tables cannot be read`;
      if (!there.value) return { rules: [], counters: new Map() };
      for (let again = 0; again < tries; again += 1) {
        const one = await lookOnce();
        if (one !== null) return one;
      }
      return 'the rules of nf_tables changed all the time while they were read';
    },
    count() {
      let packets = 0;
      let answered = 0;
      for (let from = 0; from < found.length; from += together) {
        const questions = found.slice(from, from + together).map(({ question }) => question);
        const isWhole = ask(questions, (type, begin, to) => {
          if (type !== message.newRule) return;
          const { logs, counted } = ruleAt(into, begin + 4, to, group);
          packets += logs * (counted ?? 0);
          answered += 1;
        });
        if (!isWhole) return null;
      }
      return answered === found.length ? packets : null;
    },
    close() {
      if (fd >= 0) calls.close(fd);
      fd = -1;
    },
  });
}

/** Asks for the rule whose table, chain and handle stand between the two places. */
function questionOf(family: number, bytes: Buffer, from: number, to: number): Buffer {
  const named: Buffer[] = [];
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type === rule.table || type === rule.chain || type === rule.handle)
      named.push(attribute(type, bytes.subarray(start, end)));
  });
  return netfilterRequest(message.getRule, 0, family, named);
}

function generationAt(bytes: Buffer, from: number, to: number): number | null {
  let id: number | null = null;
  eachAttribute(bytes, from + 4, to, (type, start, end) => {
    if (type === generation.id && end - start >= 4) id = bytes.readUInt32BE(start);
  });
  return id;
}

interface SeenRule {
  readonly table: string;
  readonly handle: number;
  /** How often a packet that meets it is logged to the group. */
  readonly logs: number;
  /** What its counter says; of a rule that logs the one right beside what logs, so that it counts what is logged and nothing else. `null`: it has none. */
  readonly counted: number | null;
}

/** The same for each rule: there may be very many. */
const seen: { -readonly [Key in keyof SeenRule]: SeenRule[Key] } = { table: '', handle: 0, logs: 0, counted: null };

/** Walked by hand: a function for each of a hundred attributes to a rule takes four times as long. @returns what is good until the next is asked for */
function ruleAt(bytes: Buffer, from: number, to: number, group: number): SeenRule {
  seen.logs = 0;
  seen.counted = null;
  for (let at = from; at + 4 <= to; ) {
    const size = bytes.readUInt16LE(at);
    if (size < 4 || at + size > to) break;
    const type = bytes.readUInt16LE(at + 2) & TYPE;
    if (type === rule.table) seen.table = bytes.toString('latin1', at + 4, at + size - 1);
    else if (type === rule.handle) seen.handle = wide(bytes, at + 4);
    else if (type === rule.expressions) lookThrough(bytes, at + 4, at + size, group);
    at += (size + 3) & ~3;
  }
  return seen;
}

/** Of each expression the kernel gives the name first, then its attributes. */
function lookThrough(bytes: Buffer, from: number, to: number, group: number): void {
  let any: number | null = null;
  let before: Step = null;
  let beside: number | null = null;
  for (let at = from; at + 12 <= to; ) {
    const size = bytes.readUInt16LE(at);
    if (size < 4 || at + size > to) break;
    const step = stepAt(bytes, at + 4, at + size, group);
    if (typeof step === 'number') any ??= step;
    if (step === 'logs') seen.logs += 1;
    if (step === 'logs' && typeof before === 'number') beside = before;
    else if (before === 'logs' && typeof step === 'number') beside ??= step;
    before = step;
    at += (size + 3) & ~3;
  }
  seen.counted = seen.logs > 0 ? beside : any;
}

/** Packets of a counter; that it logs to the group; neither. */
type Step = number | 'logs' | null;

/** Names of expressions by their first four bytes: no other begins like these (net/netfilter). */
const names = { coun: 0x6e756f63, log: 0x00676f6c, targ: 0x67726174 } as const;

function stepAt(bytes: Buffer, from: number, to: number, group: number): Step {
  const nameSize = bytes.readUInt16LE(from);
  const name = bytes.readUInt32LE(from + 4);
  if (name !== names.coun && name !== names.log && name !== names.targ) return null;
  const data = from + ((nameSize + 3) & ~3);
  if (data + 4 > to) return null;
  let step: Step = null;
  let isNflog = false;
  eachAttribute(bytes, data + 4, to, (type, start, end) => {
    if (name === names.coun && type === counter.packets) step = wide(bytes, start);
    else if (name === names.log && type === log.group && bytes.readUInt16BE(start) === group) step = 'logs';
    else if (name === names.targ && type === target.name) isNflog = textAt(bytes, start, end).toUpperCase() === 'NFLOG';
    else if (isNflog && type === target.info && bytes.readUInt16LE(start + target.groupAt) === group) step = 'logs';
  });
  return step;
}

/** 64 bits in network order, of which 53 are enough. */
function wide(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x100000000 + bytes.readUInt32BE(at + 4);
}
