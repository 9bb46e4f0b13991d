import { type Batch, eventKinds } from './batch.ts';
import { Heads } from './heads.ts';
import { PacketText, readEnd } from './packet-text.ts';
import { LONGEST_PLAIN, readPlain } from './plain.ts';
import { four, ScanCursor, three } from './scan-cursor.ts';
import { readPacket } from './scan-packet.ts';
import { viewOf } from './view.ts';

/** The kernel's own buffer for one line is 1 KiB (net/netfilter/nf_log_syslog.c, S_SIZE); what is longer is not its own. */
const LONGEST_LINE = 2048;
/** NF_LOG_PREFIXLEN; iptables' LOG allows 29, nft and conntrack more. */
const LONGEST_PREFIX = 128;
/** IFNAMSIZ without its NUL. */
const LONGEST_LINK = 15;

const most32 = 0xffffffff;
const LETTER_I = 73;
// Words by their first and, where they are longer than four letters, their last four.
const MAC = four('MAC=');
const OUT = four(' OUT');
const OUT_END = four('OUT=');
const MARK = four('MARK');
const MARK_END = four('ARK=');
const UID = four('UID=');
/** Three letters; the fourth is not looked at. */
const THREE = 0xffffff;
const IN = three('IN=');

const cursor = new ScanCursor();
const heads = new Heads();
const found = new PacketText();
const tunnelWords = new Uint32Array(4);

/**
 * Reads one line that the kernel's LOG target wrote (or ulogd in its manner), behind the carrier's header, into the row at `batch.length`: all columns but `at`
 * and those of its text. It does not add to the length. `false`: it is no such line, or one of a packet without IP addresses (ARP).
 *
 * The line is read by the kernel's own grammar, from `IN=` to its very end (net/netfilter/nf_log_syslog.c): a message
 * that merely holds such text, as users can put into other messages of the kernel, ends in words that the grammar does
 * not have, and is no event. What stands before `IN=` is the rule's prefix and may hold anything, even `SRC=`, but no line break, be it
 * written as `#012`; of several `IN=` from which the line reads to its end the last is the right one. They stand all in the first one's link,
 * since no later word holds one that `OUT=` follows. Packets quoted in `[ ]` inside ICMP errors are checked and passed over.
 *
 * No regular expression, no text and no object is made for any line. What it takes and what it does not is compared with a second reading
 * that is plain and slow (line.fixture.ts).
 */
export function scanKernelLine(bytes: Uint8Array, from: number, to: number, batch: Batch): boolean {
  if (to - from > LONGEST_LINE) return false;
  cursor.begin(bytes, from, to);
  const head = heads.find(cursor.view, from, to, batch.names);
  if (head !== null) {
    cursor.at = from + head.length;
    if (behindHead(batch)) {
      const row = batch.length;
      batch.prefix[row] = head.prefix;
      batch.in[row] = head.in;
      batch.out[row] = head.out;
      return true;
    }
  }
  const last = Math.min(to - 4, from + LONGEST_PREFIX);
  for (let start = from; start <= last; start += 1)
    if (bytes[start] === LETTER_I && (cursor.view.getInt32(start, true) & THREE) === IN && fromHead(from, start, batch))
      return true;
  return false;
}

/**
 * As {@link scanKernelLine}, of a line whose end is not known yet: where it ends, if it begins as one of the lines before and is what most are, and else -1:
 * then it has to be found and read.
 */
export function scanAhead(bytes: Uint8Array, from: number, limit: number, batch: Batch): number {
  const view = viewOf(bytes);
  const head = heads.find(view, from, limit, batch.names);
  if (head === null || from + head.length + LONGEST_PLAIN > limit) return -1;
  const end = readPlain(view, from + head.length, batch);
  if (end < 0) return -1;
  const row = batch.length;
  batch.prefix[row] = head.prefix;
  batch.in[row] = head.in;
  batch.out[row] = head.out;
  return end;
}

/** `IN=… OUT=… [PHYSIN=…] [PHYSOUT=…] [MAC…] ` and all that follows. */
function fromHead(from: number, start: number, batch: Batch): boolean {
  const { bytes, end } = cursor;
  let inFrom = start + 3;
  cursor.at = inFrom;
  if (!cursor.word(LONGEST_LINK)) return false;
  const inTo = cursor.at;
  if (!cursor.takeWord(OUT, OUT_END, 5)) return false;
  const outFrom = cursor.at;
  if (!cursor.word(LONGEST_LINK)) return false;
  const outTo = cursor.at;
  if (!cursor.space()) return false;
  for (const port of ['PHYSIN=', 'PHYSOUT='])
    if (cursor.take(port) && !(cursor.word(LONGEST_LINK) && cursor.space())) return false;
  if (!hardware()) return false;
  const headTo = cursor.at;
  if (!behindHead(batch) || holdsLineBreak(bytes, from, headTo)) return false;
  // The last `IN=` of all.
  for (let at = inTo - 3; at >= inFrom; at -= 1)
    if (bytes[at] === LETTER_I && bytes[at + 1] === 78 && bytes[at + 2] === 61 && at - from <= LONGEST_PREFIX) {
      inFrom = at + 3;
      break;
    }
  const row = batch.length;
  const { names } = batch;
  batch.prefix[row] = names.of(bytes, from, inFrom - 3);
  batch.in[row] = names.of(bytes, inFrom, inTo);
  batch.out[row] = names.of(bytes, outFrom, outTo);
  if (headTo < end) heads.keep(bytes, from, headTo, names, batch.prefix[row], batch.in[row], batch.out[row]);
  return true;
}

/** A line break, plain or as rsyslog writes it: then the line was put into a message of somebody else's. */
function holdsLineBreak(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    if (bytes[at] === 10) return true;
    if (bytes[at] === 35 && bytes[at + 1] === 48 && bytes[at + 2] === 49 && bytes[at + 3] === 50) return true;
  }
  return false;
}

/** `packet [UID=… GID=…] [MARK=…]`, to the end of the line; then the row's columns are written, but those of the head. */
function behindHead(batch: Batch): boolean {
  const row = batch.length;
  found.clear();
  if (!readPacket(cursor, found, batch.src, batch.dst, 4 * row)) return false;
  let mark = 0;
  if (cursor.at < cursor.end) {
    if (
      cursor.take4(UID) &&
      !(cursor.decimal(most32) >= 0 && cursor.take(' GID=') && cursor.decimal(most32) >= 0 && cursor.space())
    )
      return false;
    if (cursor.takeWord(MARK, MARK_END, 5)) {
      mark = cursor.hexadecimal();
      if (mark < 0 || !cursor.space()) return false;
    }
    if (cursor.at < cursor.end) return false;
  }
  if (found.src === 0 || found.dst === 0) return false;
  batch.kind[row] = eventKinds.packet;
  batch.family[row] = found.src;
  batch.proto[row] = found.proto;
  batch.sport[row] = found.sport;
  batch.dport[row] = found.dport;
  batch.icmpType[row] = found.icmpType;
  batch.icmpCode[row] = found.icmpCode;
  batch.flags[row] = found.flags;
  batch.size[row] = found.size;
  batch.ttl[row] = found.ttl;
  batch.mark[row] = mark;
  return true;
}

/** `MAC=aa:…:00 [TUNNEL=a->b] `, or with --log-macdecode `MACSRC=… MACDST=… [VPROTO=… VID=…] MACPROTO=… `, or nothing. */
function hardware(): boolean {
  if (cursor.take4(MAC)) {
    cursor.octets();
    if (cursor.take(' TUNNEL=') && !(tunnelEnd() && cursor.take('->') && tunnelEnd())) return false;
    return cursor.space();
  }
  if (!cursor.take('MACSRC=')) return true;
  cursor.octets();
  if (!cursor.take(' MACDST=')) return false;
  cursor.octets();
  if (!cursor.space()) return false;
  if (
    cursor.take('VPROTO=') &&
    !(cursor.hexadecimal() >= 0 && cursor.take(' VID=') && cursor.decimal(most32) >= 0 && cursor.space())
  )
    return false;
  return cursor.take('MACPROTO=') && cursor.hexadecimal() >= 0 && cursor.space();
}

function tunnelEnd(): boolean {
  return readEnd(cursor, tunnelWords, 0) !== 0;
}
