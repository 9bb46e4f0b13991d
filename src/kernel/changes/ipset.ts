import { constants } from 'node:os';
import type { Libc } from '../libc.ts';
import { attribute, dump, eachAttribute, eachMessage, NLM_F_DUMP, netfilterRequest, RECEIVE, textAt } from './netlink.ts';

/** A set that is there. */
export interface SetName {
  readonly name: string;
  /** The kernel's number, which stays with a set that is renamed; `null` before Linux 5.0. */
  readonly index: number | null;
}

/** What ipset says of a set beside its members. */
export interface SetHeader {
  /** Type, family and options, as text to compare. What grows by itself (hashsize) and what rules do (references) is not among them. */
  readonly made: string;
  /** Number of members, memory, size and start value of the hash: while they stay, members probably do. */
  readonly hint: string;
  /** The random start value of its hash, which no other set has but by chance; `null` where kernel or type have none. */
  readonly origin: string | null;
  readonly members: number;
  /** Its members go by themselves after a while. */
  readonly expires: boolean;
  /** So many members a hash may have; `null`: it is none. */
  readonly most: number | null;
  /** When it is full, one that is in it goes for each that comes. */
  readonly makesRoom: boolean;
}

/** include/uapi/linux/netfilter/ipset/ip_set.h: NFNL_SUBSYS_IPSET, IPSET_CMD_LIST, its flags, and the protocol that all kernels speak. */
const SUBSYSTEM_IPSET = 6;
const MESSAGE_LIST = (SUBSYSTEM_IPSET << 8) | 7;
const LIST_SETNAME = 2;
const LIST_HEADER = 4;
const OLD_PROTOCOL = 6;
const PROTOCOL = 7;
/** IPSET_ERR_PROTOCOL */
const NO_SUCH_PROTOCOL = -4097;
/** Attributes of a message. */
const message = { protocol: 1, name: 2, type: 3, revision: 4, family: 5, flags: 6, data: 7, members: 8, index: 11 } as const;
/** Attributes of a set. */
const option = { timeout: 6, flags: 8, initval: 17, hashsize: 18, most: 19, elements: 24, references: 25, memsize: 26 } as const;
/** IPSET_FLAG_WITH_FORCEADD */
const FORCEADD = 32;
const hints: ReadonlySet<number> = new Set([option.initval, option.hashsize, option.elements, option.memsize]);
/** Attributes of a member that move by themselves: seconds left, bytes, packets. */
const moving: ReadonlySet<number> = new Set([6, 24, 25]);
const NETWORK_ORDER = 0x4000;

const into = Buffer.alloc(RECEIVE);

/**
 * The sets that are there (net/netfilter/ipset/ip_set_core.c, ip_set_dump_do). Asked only where ip_set is loaded: the question would load it.
 *
 * @returns the negated errno where the kernel refuses.
 */
export function setNames(calls: Libc, fd: number): readonly SetName[] | number {
  const names = ask(calls, fd, PROTOCOL);
  return names === NO_SUCH_PROTOCOL ? ask(calls, fd, OLD_PROTOCOL) : names;
}

function ask(calls: Libc, fd: number, spoken: number): readonly SetName[] | number {
  const names: SetName[] = [];
  const answer = list(calls, fd, [protocol(spoken), flags(LIST_SETNAME)], (from, to) => {
    let name = '';
    let index: number | null = null;
    eachAttribute(into, from, to, (type, start, end) => {
      if (type === message.name) name = textAt(into, start, end);
      else if (type === message.index && end - start >= 2) index = into.readUInt16BE(start);
    });
    names.push({ name, index });
  });
  return answer < 0 ? answer : names;
}

/**
 * One set's header. To count the members of a hash the kernel walks through them, and lets nobody swap, rename or destroy the set until it has:
 * 0.7 ms for 100,000.
 *
 * @returns the negated errno where the kernel refuses; ENOENT: there is no such set any more.
 */
export function setHeader(calls: Libc, fd: number, name: string): SetHeader | number {
  let header: SetHeader | number = -ENOENT;
  const answer = list(calls, fd, [protocol(OLD_PROTOCOL), named(name), flags(LIST_HEADER)], (from, to) => {
    header = headerAt(into, from, to);
  });
  return answer < 0 ? answer : header;
}

const { ENOENT } = constants.errno;

function list(calls: Libc, fd: number, attributes: readonly Buffer[], take: (from: number, to: number) => void): number {
  return dump(calls, fd, netfilterRequest(MESSAGE_LIST, NLM_F_DUMP, 2, attributes), into, (length) => {
    eachMessage(into, length, (type, _flags, from, to) => {
      if (type === MESSAGE_LIST) take(from + 4, to);
    });
  });
}

function headerAt(bytes: Buffer, from: number, to: number): SetHeader {
  let made = '';
  let hint = '';
  let origin: string | null = null;
  let members = 0;
  let expires = false;
  let most: number | null = null;
  let makesRoom = false;
  const said = (type: number, start: number, end: number): string => `${type}=${bytes.toString('hex', start, end)} `;
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type === message.type || type === message.revision || type === message.family) made += said(type, start, end);
    else if (type === message.data)
      eachAttribute(bytes, start, end, (each, first, last) => {
        if (each === option.references) return;
        if (each === option.initval) origin = bytes.toString('hex', first, last);
        if (each === option.timeout) expires = true;
        if (each === option.most && last - first >= 4) most = bytes.readUInt32BE(first);
        if (each === option.flags && last - first >= 4) makesRoom = (bytes.readUInt32BE(first) & FORCEADD) !== 0;
        if (each === option.elements && last - first >= 4) members = bytes.readUInt32BE(first);
        if (hints.has(each)) hint += said(each, first, last);
        else made += said(each + 100, first, last);
      });
  });
  return { made, hint, origin, members, expires, most, makesRoom };
}

/**
 * The members of a set as the kernel sends them, for {@link digestOf}: 100,000 take 11 to 22 ms, in which nothing else happens. As long
 * as a dump goes on, the kernel lets nobody swap, rename or destroy the set (`ipset save` takes five times as long).
 *
 * @returns the negated errno where the kernel refuses; ENOENT: there is no such set any more.
 */
export function setMembers(calls: Libc, fd: number, name: string): readonly Buffer[] | number {
  const parts: Buffer[] = [];
  const attributes = [protocol(OLD_PROTOCOL), named(name)];
  const answer = dump(calls, fd, netfilterRequest(MESSAGE_LIST, NLM_F_DUMP, 2, attributes), into, (length) => {
    // A copy with memory of its own, so that it can be read in words.
    parts.push(Buffer.from(Uint8Array.prototype.slice.call(into, 0, length).buffer));
  });
  return answer < 0 ? answer : parts;
}

function protocol(spoken: number): Buffer {
  return attribute(message.protocol, Buffer.of(spoken));
}

function named(name: string): Buffer {
  return attribute(message.name, Buffer.from(`${name}\0`, 'latin1'));
}

function flags(which: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(which);
  return attribute(message.flags | NETWORK_ORDER, bytes);
}

/** The sum of all members' hashes, so that their order, which changes with the hash's size, does not count. */
export interface Digest {
  high: number;
  low: number;
  members: number;
}

export const emptyDigest: Readonly<Digest> = { high: 0, low: 0, members: 0 };

export function sameDigest(one: Readonly<Digest>, two: Readonly<Digest>): boolean {
  return one.high === two.high && one.low === two.low && one.members === two.members;
}

/**
 * Adds the members in one part, in words of memory of their own. Timeouts and counters are left out; comments, marks and `nomatch` are not.
 * Walked by hand: a function for each of 100,000 members' attributes would leave more to be collected than it reads.
 */
export function addMembers(part: Buffer, digest: Digest, seed: number): void {
  const words = new Uint32Array(part.buffer, part.byteOffset, part.length >> 2);
  eachMessage(part, part.length, (type, _flags, from, to) => {
    if (type !== MESSAGE_LIST) return;
    eachAttribute(part, from + 4, to, (kind, start, end) => {
      if (kind !== message.members) return;
      for (let at = start; at + 4 <= end; ) {
        const size = part.readUInt16LE(at);
        if (size < 4 || at + size > end) return;
        addMember(part, words, at + 4, at + size, digest, seed);
        at += (size + 3) & ~3;
      }
    });
  });
}

function addMember(part: Buffer, words: Uint32Array, from: number, to: number, digest: Digest, seed: number): void {
  let high = seed;
  let low = ~seed;
  for (let at = from; at + 4 <= to; ) {
    const size = part.readUInt16LE(at);
    if (size < 4 || at + size > to) break;
    const next = at + ((size + 3) & ~3);
    if (!moving.has(part.readUInt16LE(at + 2) & 0x3fff)) {
      // Attributes begin at multiples of four, with their length and type, and what fills them up is zero.
      for (let word = at >> 2; word < next >> 2; word += 1) {
        const value = words[word] as number;
        high = mixed(high, value, 0xcc9e2d51);
        low = mixed(low, value, 0x85ebca6b);
      }
    }
    at = next;
  }
  digest.high = (digest.high + finished(high)) | 0;
  digest.low = (digest.low + finished(low)) | 0;
  digest.members += 1;
}

function mixed(hash: number, word: number, factor: number): number {
  const spread = Math.imul(word, factor);
  const turned = hash ^ ((spread << 15) | (spread >>> 17));
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0x6b64e654) | 0;
}

function finished(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
