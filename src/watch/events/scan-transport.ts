import { type PacketText, readEnd } from './packet-text.ts';
import { four, type ScanCursor, three } from './scan-cursor.ts';
import { isDigit } from './span.ts';

const most32 = 0xffffffff;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ESP = 50;
const AH = 51;
const ICMPV6 = 58;
const SCTP = 132;
const UDPLITE = 136;
const LEN = four('LEN=');
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
const CODE = four(' COD');
const CODE_END = four('ODE=');
const ID_FIRST = three('ID=');
const SEQ_SECOND = four(' SEQ');
const gateway = new Uint32Array(4);
/** Reads a packet that another one quotes, which must be of the family. */
type Quoted = (cursor: ScanCursor, family: number) => boolean;

/** `OPT (hex) `, `OPT (TRUNCATED)`, or nothing. */
export function options(cursor: ScanCursor): boolean {
  if (!cursor.isFour(OPTIONS) || !cursor.take('OPT (')) return true;
  if (!cursor.truncated()) cursor.octets();
  return cursor.take(')') && cursor.space();
}

/**
 * From `PROTO=` on. A header that was cut says no more than it has: behind an extension header that cannot be read there is no protocol, in a
 * later fragment there are no ports.
 *
 * @param quoted reads what an ICMP error quotes; `null`: it may quote nothing.
 */
export function transport(cursor: ScanCursor, found: PacketText, quoted: Quoted | null): boolean {
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
      return icmp(cursor, found, quoted);
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

function icmp(cursor: ScanCursor, found: PacketText, quoted: Quoted | null): boolean {
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
  if (cursor.take('GATEWAY=') && !(readEnd(cursor, gateway, 0) !== 0 && cursor.space())) return false;
  if (quoted !== null && cursor.take('[') && !(quoted(cursor, found.src) && cursor.take(']') && cursor.space())) return false;
  return !cursor.take('MTU=') || (cursor.decimal(most32) >= 0 && cursor.space());
}
