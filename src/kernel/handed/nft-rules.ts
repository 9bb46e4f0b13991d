import { ok, type Result } from '../../result.ts';
import {
  attribute,
  dump,
  eachAttribute,
  eachMessage,
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
const expression = { element: 1, name: 1, data: 2 } as const;
const log = { group: 1 } as const;
const counter = { packets: 2 } as const;
/** NFTA_TARGET_INFO of include/uapi/linux/netfilter/nf_tables_compat.h, and where `struct xt_nflog_info` and `struct ebt_nflog_info` have their group. */
const target = { name: 1, info: 3, groupAt: 4 } as const;
const NLMSG_ERROR = 2;
const NLM_F_DUMP_INTR = 0x10;
/** Answers to so many questions fit into a socket's usual room. */
const together = 16;
/** Rules may change while they are read. */
const tries = 5;

interface FoundRule {
  readonly name: string;
  readonly family: number;
  readonly table: string;
  readonly chain: string;
  readonly handle: Buffer;
}

/**
 * Rules of nf_tables that log to a group: iptables-nft's, and those of nft itself in any family. A rule keeps its handle for life, and a table too, so
 * that whoever has the same is the same.
 */
export function openNftRules(calls: Libc, pid: number | undefined, group: number): Result<CountedRules> {
  let fd = -1;
  let found: readonly FoundRule[] = [];
  /** As of the last look; `null`: nf_tables was not there. */
  let looked: number | null = null;
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

  function lookOnce(): RuleCounts | string | null {
    const before = generationNow();
    const handles = new Map<string, bigint>();
    const tables = dump(calls, fd, netfilterRequest(message.getTable, NLM_F_DUMP, 0), into, (length) => {
      eachMessage(into, length, (type, _flags, from, to) => {
        if (type !== message.newTable) return;
        let name = '';
        let handle = 0n;
        eachAttribute(into, from + 4, to, (each, start) => {
          if (each === table.name) name = textAt(into, start, to);
          else if (each === table.handle) handle = into.readBigUInt64BE(start);
        });
        handles.set(`${into.readUInt8(from)} ${name}`, handle);
      });
    });
    const rules: FoundRule[] = [];
    const counters = new Map<string, Map<string, number>>();
    let uncounted = false;
    let torn = false;
    const read = dump(calls, fd, netfilterRequest(message.getRule, NLM_F_DUMP, 0), into, (length) => {
      eachMessage(into, length, (type, flags, from, to) => {
        if ((flags & NLM_F_DUMP_INTR) !== 0) torn = true;
        if (type !== message.newRule) return;
        const seen = ruleAt(into, from + 4, to, group);
        const { counted } = seen;
        const family = into.readUInt8(from);
        const of = `${family} ${seen.table}`;
        const name = `nft ${of} ${handles.get(of) ?? 0n} ${seen.handle.readBigUInt64BE()}`;
        if (counted !== null) {
          const all = counters.get(of) ?? new Map<string, number>();
          counters.set(of, all.set(name, counted));
        }
        if (seen.logs === 0) return;
        if (counted === null) uncounted = true;
        rules.push({ name, family, table: seen.table, chain: seen.chain, handle: seen.handle });
      });
    });
    // No table at all is no error: the kernel then lists nothing.
    const refused = [tables, read].find((answer) => answer < 0);
    if (refused !== undefined) return `the rules of nf_tables cannot be read (${errnoName(refused)})`;
    if (torn || before === null || generationNow() !== before) return null;
    if (uncounted) return 'a rule of nft that logs to it has no counter beside "log"';
    found = rules;
    looked = before;
    const held = new Set(rules.map((one) => `${one.family} ${one.table}`));
    return {
      rules: rules.map(({ name }) => name),
      counters: new Map([...counters].flatMap(([of, all]) => (held.has(of) ? [...all] : []))),
    };
  }

  return ok({
    look() {
      found = [];
      looked = null;
      const there = isThere();
      if (!there.ok) return `the rules of nf_tables cannot be read`;
      if (!there.value) return { rules: [], counters: new Map() };
      for (let again = 0; again < tries; again += 1) {
        const one = lookOnce();
        if (one !== null) return one;
      }
      return 'the rules of nf_tables changed all the time while they were read';
    },
    count() {
      const there = isThere();
      if (!there.ok) return null;
      if (!there.value) return looked === null ? 0 : null;
      let packets = 0;
      let answered = 0;
      let now: number | null = null;
      const questions = [netfilterRequest(generation.get, 0, 0), ...found.map(questionOf)];
      for (let from = 0; from < questions.length; from += together) {
        const isWhole = ask(questions.slice(from, from + together), (type, begin, to) => {
          if (type === generation.new) now = generationAt(into, begin, to);
          else if (type === message.newRule) {
            const { logs, counted } = ruleAt(into, begin + 4, to, group);
            packets += logs * (counted ?? 0);
            answered += 1;
          }
        });
        if (!isWhole) return null;
      }
      return now === looked && answered === found.length ? packets : null;
    },
    close() {
      if (fd >= 0) calls.close(fd);
      fd = -1;
    },
  });
}

function questionOf({ family, table: of, chain, handle }: FoundRule): Buffer {
  const text = (value: string): Buffer => Buffer.from(`${value}\0`, 'latin1');
  return netfilterRequest(message.getRule, 0, family, [
    attribute(rule.table, text(of)),
    attribute(rule.chain, text(chain)),
    attribute(rule.handle, handle),
  ]);
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
  readonly chain: string;
  readonly handle: Buffer;
  /** How often a packet that meets it is logged to the group. */
  readonly logs: number;
  /** What its counter says; of a rule that logs the one right beside what logs, so that it counts what is logged and nothing else. `null`: it has none. */
  readonly counted: number | null;
}

function ruleAt(bytes: Buffer, from: number, to: number, group: number): SeenRule {
  let of = '';
  let chain = '';
  let handle: Buffer = Buffer.alloc(8);
  /** Of its expressions, in order: packets of a counter, whether it logs to the group, neither. */
  const steps: (number | 'logs' | 'other')[] = [];
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type === rule.table) of = textAt(bytes, start, end);
    else if (type === rule.chain) chain = textAt(bytes, start, end);
    else if (type === rule.handle) handle = Buffer.from(bytes.subarray(start, start + 8));
    else if (type === rule.expressions)
      eachAttribute(bytes, start, end, (element, first, last) => {
        if (element === expression.element) steps.push(stepAt(bytes, first, last, group));
      });
  });
  const logs = steps.filter((step) => step === 'logs').length;
  const counted = steps.find(
    (step, at) => typeof step === 'number' && (logs === 0 || steps[at + 1] === 'logs' || steps[at - 1] === 'logs'),
  );
  return { table: of, chain, handle, logs, counted: typeof counted === 'number' ? counted : null };
}

function stepAt(bytes: Buffer, from: number, to: number, group: number): number | 'logs' | 'other' {
  let name = '';
  let data: readonly [number, number] = [to, to];
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type === expression.name) name = textAt(bytes, start, end);
    else if (type === expression.data) data = [start, end];
  });
  let step: number | 'logs' | 'other' = 'other';
  let isNflog = false;
  eachAttribute(bytes, data[0], data[1], (type, start, end) => {
    if (name === 'counter' && type === counter.packets) step = Number(bytes.readBigUInt64BE(start));
    else if (name === 'log' && type === log.group && bytes.readUInt16BE(start) === group) step = 'logs';
    else if (name === 'target' && type === target.name) isNflog = textAt(bytes, start, end).toUpperCase() === 'NFLOG';
    else if (isNflog && type === target.info && bytes.readUInt16LE(start + target.groupAt) === group) step = 'logs';
  });
  return step;
}
