import type { Family } from '../../model/net/index.ts';
import { readAddress } from './address-text.ts';
import { absent } from './batch.ts';
import { four, type ScanCursor, three } from './scan-cursor.ts';
import { hexDigit, isDigit } from './span.ts';

const most32 = 0xffffffff;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ESP = 50;
const AH = 51;
const ICMPV6 = 58;
const SCTP = 132;
const UDPLITE = 136;

// Words by their first and, where they are longer than four letters, their last four.
const SRC = four('SRC=');
const DST = four(' DST');
const DST_END = four('DST=');
const LEN = four('LEN=');
const TOS = four(' TOS');
const TOS_END = four('TOS=');
const PREC = four(' PRE');
const PREC_END = four('REC=');
const TTL = four(' TTL');
const TTL_END = four('TTL=');
const ID = four(' ID=');
const PROTO = four('PROT');
const PROTO_END = four('OTO=');
const SPT = four('SPT=');
const DPT = four(' DPT');
const DPT_END = four('DPT=');
const SEQ = four('SEQ=');
const WINDOW = four('WIND');
const WINDOW_END = four('DOW=');
const RES = four('RES=');
const URGP = four('URGP');
const URGP_END = four('RGP=');
const TYPE = four('TYPE');
const TYPE_END = four('YPE=');
const OPTIONS = four('OPT ');
const TRUNCATED = four('TRUN');
const TCP_WORD = four('TCP ');
const UDP_WORD = four('UDP ');
const CWR = four('CWR ');
const ECE = four('ECE ');
const URG = four('URG ');
const ACK = four('ACK ');
const PSH = four('PSH ');
const RST = four('RST ');
const SYN = four('SYN ');
const FIN = four('FIN ');
const CE = three('CE ');
const DF = three('DF ');
const MF = three('MF ');
const TC = four(' TC=');
const HOPLIMIT = four(' HOP');
const FLOWLBL = four(' FLO');
const CODE = four(' COD');
const CODE_END = four('ODE=');
const ID_FIRST = three('ID=');
const SEQ_SECOND = four(' SEQ');

/** What the text of a packet says. */
export class PacketText {
  src: Family | 0 = 0;
  dst: Family | 0 = 0;
  size = absent;
  ttl = absent;
  proto = absent;
  sport = absent;
  dport = absent;
  icmpType = absent;
  icmpCode = absent;
  flags = absent;

  clear(): void {
    this.src = 0;
    this.dst = 0;
    this.size = absent;
    this.ttl = absent;
    this.proto = absent;
    this.sport = absent;
    this.dport = absent;
    this.icmpType = absent;
    this.icmpCode = absent;
    this.flags = absent;
  }
}

/** A packet that another one quotes, whose addresses are its sender's to choose: checked and passed over. */
const quoted = new PacketText();
const quotedWords = new Uint32Array(4);

/**
 * From `SRC=` to where the packet's own text ends; the addresses go to `at` of each. A packet that was cut says no more than it has.
 *
 * @param quotes it may quote another one; one that is quoted may not.
 */
export function readPacket(
  cursor: ScanCursor,
  found: PacketText,
  src: Uint32Array,
  dst: Uint32Array,
  at: number,
  quotes = true,
): boolean {
  if (truncated(cursor)) return cursor.space();
  if (!cursor.take4(SRC)) return false;
  found.src = readEnd(cursor, src, at);
  if (found.src === 0 || !cursor.takeWord(DST, DST_END, 5)) return false;
  found.dst = readEnd(cursor, dst, at);
  if (found.dst !== found.src || !cursor.space()) return false;
  // An address was there, but not the header behind it.
  if (truncated(cursor)) return cursor.space();
  if (!cursor.take4(LEN)) return false;
  found.size = cursor.decimal(most32);
  if (found.size < 0 || !(found.src === 4 ? header4(cursor, found) : header6(cursor, found))) return false;
  return transport(cursor, found, quotes);
}

/** An address into four words; its family, or 0. */
export function readEnd(cursor: ScanCursor, words: Uint32Array, at: number): Family | 0 {
  const from = cursor.at;
  if (plainV4(cursor, words, at)) return 4;
  if (plainV6(cursor, words, at)) return 6;
  const to = cursor.address();
  return to < 0 ? 0 : readAddress(cursor.bytes, from, to, words, at);
}

/** Four numbers with dots between, and nothing else that an address is written with; else it stays where it is. */
function plainV4(cursor: ScanCursor, words: Uint32Array, to: number): boolean {
  const { bytes, end } = cursor;
  let at = cursor.at;
  let value = 0;
  for (let part = 0; part < 4; part += 1) {
    if (part > 0) {
      if (at >= end || bytes[at] !== 46) return false;
      at += 1;
    }
    if (at >= end) return false;
    let number = (bytes[at] as number) - 48;
    if (number < 0 || number > 9) return false;
    at += 1;
    // No part begins with a needless 0.
    for (let digits = 1; digits < 3 && number > 0 && at < end; digits += 1) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
      at += 1;
    }
    if (number > 255) return false;
    value = (value << 8) | number;
  }
  if (at < end && isOfAddress(bytes[at] as number)) return false;
  cursor.at = at;
  words[to] = 0;
  words[to + 1] = 0;
  words[to + 2] = 0;
  words[to + 3] = value;
  return true;
}

/** Eight groups of four digits, as the kernel writes it; else it stays where it is. */
function plainV6(cursor: ScanCursor, words: Uint32Array, to: number): boolean {
  const { bytes } = cursor;
  const from = cursor.at;
  if (from + 40 > cursor.end || bytes[from + 4] !== 58 || isOfAddress(bytes[from + 39] as number)) return false;
  let strange = 0;
  for (let group = 0; group < 8; group += 1) {
    const at = from + 5 * group;
    if (group < 7 && bytes[at + 4] !== 58) return false;
    let value = 0;
    for (let index = 0; index < 4; index += 1) {
      const digit = hexDigit(bytes[at + index] as number);
      strange |= digit;
      value = (value << 4) | digit;
    }
    groups[group] = value;
  }
  if (strange < 0) return false;
  for (let word = 0; word < 4; word += 1)
    words[to + word] = ((groups[2 * word] as number) << 16) | (groups[2 * word + 1] as number);
  cursor.at = from + 39;
  return true;
}

const groups = new Uint16Array(8);

function isOfAddress(byte: number): boolean {
  return byte === 46 || byte === 58 || hexDigit(byte) >= 0;
}

function truncated(cursor: ScanCursor): boolean {
  return cursor.isFour(TRUNCATED) && cursor.take('TRUNCATED');
}

function header4(cursor: ScanCursor, found: PacketText): boolean {
  if (!cursor.takeWord(TOS, TOS_END, 5) || !cursor.hexadecimals()) return false;
  if (!cursor.takeWord(PREC, PREC_END, 6) || !cursor.hexadecimals()) return false;
  if (!cursor.takeWord(TTL, TTL_END, 5)) return false;
  found.ttl = cursor.decimal(255);
  if (found.ttl < 0 || !cursor.take4(ID) || cursor.decimal(most32) < 0 || !cursor.space()) return false;
  // At the end of a line they would have no blank.
  cursor.take3(CE);
  cursor.take3(DF);
  cursor.take3(MF);
  if (cursor.isFour(PROTO)) return true;
  if (cursor.take('FRAG:') && !(cursor.decimal(most32) >= 0 && cursor.space())) return false;
  return truncated(cursor) ? cursor.space() : options(cursor);
}

function header6(cursor: ScanCursor, found: PacketText): boolean {
  if (!cursor.take4(TC) || cursor.decimal(most32) < 0 || !(cursor.isFour(HOPLIMIT) && cursor.take(' HOPLIMIT='))) return false;
  found.ttl = cursor.decimal(255);
  if (found.ttl < 0 || !(cursor.isFour(FLOWLBL) && cursor.take(' FLOWLBL=')) || cursor.decimal(most32) < 0 || !cursor.space())
    return false;
  // Extension headers: each may print something, and with --log-ip-options stands in `OPT ( … ) `.
  for (;;) {
    if (cursor.isFour(PROTO)) return true;
    if (cursor.take('Unknown Ext Hdr ')) return cursor.decimal(most32) >= 0 && cursor.space();
    if (cursor.take('OPT ( ') || cursor.take(') ') || cursor.take('AH ') || cursor.take('ESP ') || cursor.take('INCOMPLETE ')) {
      if (cursor.take('[') && !(cursor.decimal(most32) >= 0 && cursor.take(' bytes] '))) return false;
    } else if (cursor.take('FRAG:')) {
      // ulogd puts blanks between.
      cursor.take(' ');
      if (cursor.decimal(most32) < 0 || !cursor.space()) return false;
    } else if (cursor.take('ID:') || cursor.take('SPI=')) {
      cursor.take(' ');
      if (cursor.hexadecimal() < 0 || !cursor.space()) return false;
    } else return true;
  }
}

/** `OPT (hex) `, `OPT (TRUNCATED)`, or nothing. */
function options(cursor: ScanCursor): boolean {
  if (!cursor.isFour(OPTIONS) || !cursor.take('OPT (')) return true;
  if (!truncated(cursor)) cursor.octets();
  return cursor.take(')') && cursor.space();
}

/**
 * From `PROTO=` on. A header that was cut says no more than it has: behind an extension header that cannot be read there is no protocol, in a
 * later fragment there are no ports.
 */
function transport(cursor: ScanCursor, found: PacketText, quotes: boolean): boolean {
  if (!cursor.takeWord(PROTO, PROTO_END, 6)) return true;
  if (cursor.take4(TCP_WORD)) found.proto = TCP;
  else if (cursor.take4(UDP_WORD)) found.proto = UDP;
  else {
    found.proto = protocol(cursor);
    if (found.proto < 0 || !cursor.space()) return false;
  }
  if (cursor.incomplete()) return true;
  switch (found.proto) {
    case TCP:
      return tcp(cursor, found);
    case UDP:
    case UDPLITE:
      return !ports(cursor, found) || (cursor.take4(LEN) && cursor.decimal(most32) >= 0 && cursor.space());
    case ICMP:
    case ICMPV6:
      return icmp(cursor, found, quotes);
    case ESP:
    case AH:
      return !cursor.take('SPI=') || (cursor.hexadecimal() >= 0 && cursor.space());
    case SCTP:
      // Of ulogd; the kernel tells no ports.
      ports(cursor, found);
      return true;
    default:
      return true;
  }
}

/** A number, or a name that the kernel or ulogd writes; -1: neither. */
function protocol(cursor: ScanCursor): number {
  const { bytes, end, at } = cursor;
  if (at < end && isDigit(bytes[at] as number)) return cursor.decimal(255);
  if (!cursor.word(7)) return -1;
  const to = cursor.at;
  cursor.at = at;
  for (const [name, number] of named) if (to - at === name.length && cursor.take(name)) return number;
  return -1;
}

const named = [
  ['ICMP', ICMP],
  ['ICMPv6', ICMPV6],
  ['TCP', TCP],
  ['UDP', UDP],
  ['ESP', ESP],
  ['AH', AH],
  ['SCTP', SCTP],
  ['UDPLITE', UDPLITE],
] as const;

/** It stays where it is if they do not stand there whole. */
function ports(cursor: ScanCursor, found: PacketText): boolean {
  const before = cursor.at;
  if (cursor.take4(SPT)) {
    const sport = cursor.decimal(65535);
    if (sport >= 0 && cursor.takeWord(DPT, DPT_END, 5)) {
      const dport = cursor.decimal(65535);
      if (dport >= 0 && cursor.space()) {
        found.sport = sport;
        found.dport = dport;
        return true;
      }
    }
  }
  cursor.at = before;
  return false;
}

function tcp(cursor: ScanCursor, found: PacketText): boolean {
  // A later fragment has no ports and so no flags either.
  if (!ports(cursor, found)) return true;
  if (
    cursor.take4(SEQ) &&
    !(cursor.decimal(most32) >= 0 && cursor.take(' ACK=') && cursor.decimal(most32) >= 0 && cursor.space())
  )
    return false;
  if (!cursor.takeWord(WINDOW, WINDOW_END, 7) || cursor.decimal(most32) < 0 || !cursor.space()) return false;
  // ulogd leaves it out.
  if (cursor.take4(RES) && (!cursor.hexadecimals() || !cursor.space())) return false;
  let flags = 0;
  if (!cursor.isFour(URGP)) {
    cursor.take('AE ');
    cursor.take4(CWR);
    cursor.take4(ECE);
    if (cursor.take4(URG)) flags = 32;
    if (cursor.take4(ACK)) flags |= 16;
    if (cursor.take4(PSH)) flags |= 8;
    if (cursor.take4(RST)) flags |= 4;
    if (cursor.take4(SYN)) flags |= 2;
    if (cursor.take4(FIN)) flags |= 1;
  }
  found.flags = flags;
  return cursor.takeWord(URGP, URGP_END, 5) && cursor.decimal(most32) >= 0 && cursor.space() && options(cursor);
}

function icmp(cursor: ScanCursor, found: PacketText, quotes: boolean): boolean {
  if (!cursor.takeWord(TYPE, TYPE_END, 5)) return true;
  found.icmpType = cursor.decimal(255);
  if (found.icmpType < 0 || !cursor.takeWord(CODE, CODE_END, 6)) return false;
  found.icmpCode = cursor.decimal(255);
  if (found.icmpCode < 0 || !cursor.space()) return false;
  if (cursor.incomplete()) return true;
  if (cursor.take3(ID_FIRST))
    return cursor.decimal(most32) >= 0 && cursor.takeWord(SEQ_SECOND, SEQ, 5) && cursor.decimal(most32) >= 0 && cursor.space();
  if (cursor.take('PARAMETER=') && !(cursor.decimal(most32) >= 0 && cursor.space())) return false;
  if (cursor.take('POINTER=') && !(cursor.hexadecimal() >= 0 && cursor.space())) return false;
  if (cursor.take('GATEWAY=') && !(readEnd(cursor, quotedWords, 0) !== 0 && cursor.space())) return false;
  if (quotes && cursor.take('[')) {
    quoted.clear();
    if (!readPacket(cursor, quoted, quotedWords, quotedWords, 0, false)) return false;
    if ((quoted.src !== 0 && quoted.src !== found.src) || !cursor.take(']') || !cursor.space()) return false;
  }
  return !cursor.take('MTU=') || (cursor.decimal(most32) >= 0 && cursor.space());
}
