import { setImmediate } from 'node:timers/promises';
import type { TextRead } from '../model/host/index.ts';
import { failed, ok } from '../result.ts';
import { errnoName, failedWith, inNetworkNamespace, type Libc, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_RAW } from './libc.ts';
import { NETLINK_HEADER } from './nfulnl.ts';

const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
const families = { ip: 2, ip6: 10 } as const;

/** include/uapi/linux/netlink.h */
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_DUMP_INTR = 0x10;
/** Without the bits that say "nested" and "network order". */
const TYPE = 0x3fff;

/** include/uapi/linux/netfilter/nf_tables.h: NFT_MSG_GETRULE of NFNL_SUBSYS_NFTABLES. */
const MESSAGE_GETRULE = (10 << 8) | 7;
const rule = { table: 1, chain: 2, handle: 3, expressions: 4 } as const;

/** The kernel fills at most 32 KiB at a time. */
const RECEIVE = 64 * 1024;
/** Between two turns of the event loop: about a millisecond's work. */
const receivesAtOnce = 8;

/**
 * The expressions of every rule of a table in the words of `nft --debug=netlink list table`, as far as they tell rules of
 * iptables from rules of nft. Asked for by netlink: this takes a fifth of the time of nft, which prints every detail.
 *
 * @returns `undefined` where it cannot be asked this way (no koffi, no way into the namespace); then nft can.
 */
export async function readExpressions(
  family: keyof typeof families,
  table: string,
  pid: number | undefined,
  signal?: AbortSignal,
): Promise<TextRead | undefined> {
  const loaded = libc();
  if (!loaded.ok) return undefined;
  const calls = loaded.value;
  const opened = inNetworkNamespace(calls, pid, () => {
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    return fd >= 0 ? ok(fd) : failed<number>({ code: 'unread', message: 'netlink is out of reach', hint: 'run as root' });
  });
  if (!opened.ok) return undefined;
  const fd = opened.value;
  try {
    // Who changes rules while they are dumped makes the dump worthless; it says so, and is asked for again.
    for (let again = 0; again < 3; again += 1) {
      const text = await dump(calls, fd, family, table, signal);
      if (typeof text === 'string')
        return { read: true, text, command: `nft --debug=netlink list table ${family}`, warnings: '' };
      if (text === 0) continue;
      const why = failedWith(text, 'EPERM') ? 'rights' : 'failed';
      return { read: false, why, tool: 'nft', detail: `the kernel answered ${errnoName(text)}` };
    }
    return { read: false, why: 'failed', tool: 'nft', detail: 'the rules changed all the time while they were read' };
  } finally {
    calls.close(fd);
  }
}

/** The text; 0 when the rules changed meanwhile; or the error. */
async function dump(
  calls: Libc,
  fd: number,
  family: keyof typeof families,
  table: string,
  signal: AbortSignal | undefined,
): Promise<string | number> {
  const sent = calls.sendto(fd, ...request(families[family], table), 0, null);
  if (sent < 0) return sent;
  const bytes = Buffer.alloc(RECEIVE);
  const lines: string[] = [];
  let torn = false;
  for (let turn = 1; ; turn += 1) {
    const length = calls.recv(fd, bytes, MSG_DONTWAIT);
    if (length < 0) return length;
    for (let at = 0; at + NETLINK_HEADER <= length; ) {
      const size = bytes.readUInt32LE(at);
      const type = bytes.readUInt16LE(at + 4);
      if ((bytes.readUInt16LE(at + 6) & NLM_F_DUMP_INTR) !== 0) torn = true;
      if (type === NLMSG_ERROR) return bytes.readInt32LE(at + NETLINK_HEADER);
      if (type === NLMSG_DONE) {
        const answer = size >= NETLINK_HEADER + 4 ? bytes.readInt32LE(at + NETLINK_HEADER) : 0;
        return answer < 0 ? answer : torn ? 0 : lines.join('\n');
      }
      lines.push(shown(bytes, { from: at + NETLINK_HEADER + 4, to: at + size }, family));
      at += (size + 3) & ~3;
    }
    if (signal?.aborted === true) return -4;
    if (turn % receivesAtOnce === 0) await setImmediate();
  }
}

function request(family: number, table: string): [Uint8Array, number] {
  const name = Buffer.from(`${table}\0`, 'latin1');
  const length = NETLINK_HEADER + 4 + 4 + name.length;
  const bytes = Buffer.alloc((length + 3) & ~3);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(MESSAGE_GETRULE, 4);
  // NLM_F_REQUEST | NLM_F_DUMP
  bytes.writeUInt16LE(0x301, 6);
  bytes.writeUInt8(family, NETLINK_HEADER);
  bytes.writeUInt16LE(4 + name.length, NETLINK_HEADER + 4);
  bytes.writeUInt16LE(rule.table, NETLINK_HEADER + 6);
  name.copy(bytes, NETLINK_HEADER + 8);
  return [bytes, bytes.length];
}

/** Where an attribute's value stands; walking by offsets, since there are a hundred attributes to a rule. */
interface Span {
  readonly from: number;
  readonly to: number;
}

function shown(bytes: Buffer, { from, to }: Span, family: string): string {
  const text = (type: number): string => {
    const span = find(bytes, from, to, type);
    return span === undefined ? '' : bytes.toString('latin1', span.from, span.to - 1);
  };
  const handle = find(bytes, from, to, rule.handle);
  let lines = `${family} ${text(rule.table)} ${text(rule.chain)} ${handle === undefined ? 0 : bytes.readBigUInt64BE(handle.from)}\n`;
  const list = find(bytes, from, to, rule.expressions);
  for (let at = list?.from ?? 0; list !== undefined && at + 4 <= list.to; ) {
    const size = bytes.readUInt16LE(at);
    if (size < 4 || at + size > list.to) break;
    lines += `  ${expression(bytes, at + 4, at + size)}\n`;
    at += (size + 3) & ~3;
  }
  return lines;
}

/** NFTA_EXPR_NAME and NFTA_EXPR_DATA, said as nft says it where somebody asks. */
function expression(bytes: Buffer, from: number, to: number): string {
  const named = find(bytes, from, to, 1);
  const name = named === undefined ? '' : bytes.toString('latin1', named.from, named.to - 1);
  const data = plain.has(name) ? undefined : find(bytes, from, to, 2);
  if (data === undefined) return `[ ${name} ]`;
  const number = (type: number): number | undefined => {
    const span = find(bytes, data.from, data.to, type);
    return span === undefined ? undefined : bytes.readUInt32BE(span.from);
  };
  switch (name) {
    case 'payload': {
      // NFTA_PAYLOAD_DREG 1, BASE 2, OFFSET 3, LEN 4, SREG 5
      const base = ['link', 'network', 'transport'][number(2) ?? -1] ?? 'payload';
      const place = `${number(4)}b @ ${base} header + ${number(3)}`;
      const source = number(5);
      return source === undefined
        ? `[ payload load ${place} => reg ${number(1)} ]`
        : `[ payload write reg ${source} => ${place} ]`;
    }
    case 'cmp':
      // NFTA_CMP_SREG 1, OP 2
      return `[ cmp ${['eq', 'neq', 'lt', 'lte', 'gt', 'gte'][number(2) ?? -1] ?? 'unknown'} reg ${number(1)} ]`;
    case 'immediate':
      // NFTA_IMMEDIATE_DREG 1; register 0 holds the verdict.
      return `[ immediate reg ${number(1)} ]`;
    case 'meta':
      // NFTA_META_KEY 2, SREG 3
      return `[ meta ${number(3) === undefined ? 'load' : 'set'} ${number(2)} ]`;
    case 'ct':
      // NFTA_CT_KEY 2, SREG 4
      return `[ ct ${number(4) === undefined ? 'load' : 'set'} ${number(2)} ]`;
    default:
      return `[ ${name} ]`;
  }
}

/** Expressions of which the name says enough; most of a rule. */
const plain = new Set(['counter', 'match', 'target', 'bitwise', 'lookup', 'limit', 'log']);

function find(bytes: Buffer, from: number, to: number, type: number): Span | undefined {
  for (let at = from; at + 4 <= to; ) {
    const size = bytes.readUInt16LE(at);
    if (size < 4 || at + size > to) return undefined;
    if ((bytes.readUInt16LE(at + 2) & TYPE) === type) return { from: at + 4, to: at + size };
    at += (size + 3) & ~3;
  }
  return undefined;
}
