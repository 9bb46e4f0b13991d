import type { Address, Family } from '../../model/net/index.ts';
import { Cursor } from './cursor.fixture.ts';
import type { LoggedPacket } from './event.ts';
import { readable } from './readable.ts';

/** The kernel's own buffer for one line is 1 KiB (net/netfilter/nf_log_syslog.c, S_SIZE); what is longer is not its own. */
const LONGEST_LINE = 2048;
/** NF_LOG_PREFIXLEN; iptables' LOG allows 29, nft and conntrack more. */
const LONGEST_PREFIX = 128;
/** A message that a process or another message of the kernel put a line into. No rule's prefix has one, and rsyslog writes it as `#012`. */
const LINE_BREAK = 10;
const ESCAPED_LINE_BREAK = '#012';
/** IFNAMSIZ without its NUL. */
const LONGEST_LINK = 15;

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const SCTP = 132;
const flagBits = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;

/** What a packet's text says, while it is being read. */
interface Found {
  src: Address | null;
  dst: Address | null;
  proto: number | null;
  sport: number | null;
  dport: number | null;
  icmpType: number | null;
  icmpCode: number | null;
  flags: number | null;
  length: number | null;
  ttl: number | null;
}

/**
 * Reads one line that the kernel's LOG target wrote, after the carrier's header (`kernel: [ 12.3] `); `null` if it is
 * no such line, or one of a packet without IP addresses (ARP).
 *
 * The line is read by the kernel's own grammar, from `IN=` to its very end (net/netfilter/nf_log_syslog.c): a message
 * that merely holds such text, as users can put into other messages of the kernel, ends in words that the grammar does
 * not have, and is no event. What stands before `IN=` is the rule's prefix and may hold anything, even `SRC=`; so the
 * last `IN=` from which the line reads to its end is the right one. Packets quoted in `[ ]` inside ICMP errors are
 * checked and passed over: their addresses are the sender's to choose.
 *
 * @param at epoch milliseconds of the packet, as the carrier tells.
 */
export function parseKernelLine(line: Uint8Array | string, at: number): LoggedPacket | null {
  if (line.length > LONGEST_LINE) return null;
  const bytes = typeof line === 'string' ? new TextEncoder().encode(line) : line;
  const cursor = new Cursor(bytes);
  if (bytes.includes(LINE_BREAK) || cursor.includes(ESCAPED_LINE_BREAK)) return null;
  for (let start = cursor.lastIndexOf('IN=', bytes.length); start >= 0; start = cursor.lastIndexOf('IN=', start)) {
    cursor.at = start;
    const event = packetLine(cursor, start, at);
    if (event !== null) return event;
  }
  return null;
}

/** `IN=… OUT=… [PHYSIN=…] [PHYSOUT=…] [MAC…] packet [UID=… GID=…] [MARK=…]`, to the end of the line. */
function packetLine(cursor: Cursor, start: number, at: number): LoggedPacket | null {
  if (start > LONGEST_PREFIX) return null;
  const inLink = cursor.take('IN=') ? cursor.word(LONGEST_LINK) : null;
  const outLink = cursor.take(' OUT=') ? cursor.word(LONGEST_LINK) : null;
  if (inLink === null || outLink === null || !cursor.space()) return null;
  if (cursor.take('PHYSIN=') && (cursor.word(LONGEST_LINK) === null || !cursor.space())) return null;
  if (cursor.take('PHYSOUT=') && (cursor.word(LONGEST_LINK) === null || !cursor.space())) return null;
  const found: Found = {
    src: null,
    dst: null,
    proto: null,
    sport: null,
    dport: null,
    icmpType: null,
    icmpCode: null,
    flags: null,
    length: null,
    ttl: null,
  };
  if (!hardware(cursor) || !packet(cursor, found, false)) return null;
  if (
    cursor.take('UID=') &&
    (cursor.decimal() === null || !cursor.take(' GID=') || cursor.decimal() === null || !cursor.space())
  ) {
    return null;
  }
  let mark: number | null = 0;
  if (cursor.take('MARK=')) {
    mark = cursor.hexadecimal();
    if (mark === null || !cursor.space()) return null;
  }
  if (!cursor.atEnd() || found.src === null || found.dst === null) return null;
  return {
    at,
    prefix: readable(cursor.bytes.subarray(0, start)).trimEnd(),
    in: inLink.length === 0 ? null : readable(inLink),
    out: outLink.length === 0 ? null : readable(outLink),
    ...found,
    src: found.src,
    dst: found.dst,
    mark,
  };
}

/** `MAC=aa:…:00 [TUNNEL=a->b] `, or with --log-macdecode `MACSRC=… MACDST=… [VPROTO=… VID=…] MACPROTO=… `, or nothing. */
function hardware(cursor: Cursor): boolean {
  if (cursor.take('MACSRC=')) {
    cursor.octets();
    if (!cursor.take(' MACDST=')) return false;
    cursor.octets();
    if (!cursor.space()) return false;
    if (
      cursor.take('VPROTO=') &&
      (cursor.hexadecimal() === null || !cursor.take(' VID=') || cursor.decimal() === null || !cursor.space())
    ) {
      return false;
    }
    return cursor.take('MACPROTO=') && cursor.hexadecimal() !== null && cursor.space();
  }
  if (!cursor.take('MAC=')) return true;
  cursor.octets();
  if (cursor.take(' TUNNEL=') && (cursor.address() === null || !cursor.take('->') || cursor.address() === null)) return false;
  return cursor.space();
}

/** From `SRC=` to where the packet's own text ends. A quoted packet quotes no other. */
function packet(cursor: Cursor, found: Found, quoted: boolean): boolean {
  if (cursor.take('TRUNCATED')) return cursor.space();
  if (!cursor.take('SRC=')) return false;
  found.src = cursor.address();
  if (found.src === null || !cursor.take(' DST=')) return false;
  found.dst = cursor.address();
  if (found.dst === null || found.dst.family !== found.src.family || !cursor.space()) return false;
  // An address was there, but not the header behind it.
  if (cursor.take('TRUNCATED')) return cursor.space();
  if (!cursor.take('LEN=')) return false;
  found.length = cursor.decimal();
  const { family } = found.src;
  return (
    found.length !== null &&
    (family === 4 ? header4(cursor, found) : header6(cursor, found)) &&
    transport(cursor, found, family, quoted)
  );
}

function header4(cursor: Cursor, found: Found): boolean {
  if (!cursor.take(' TOS=') || cursor.hexadecimal() === null) return false;
  if (!cursor.take(' PREC=') || cursor.hexadecimal() === null) return false;
  if (!cursor.take(' TTL=')) return false;
  found.ttl = cursor.decimal(255);
  if (found.ttl === null || !cursor.take(' ID=') || cursor.decimal() === null || !cursor.space()) return false;
  for (const flag of ['CE ', 'DF ', 'MF ']) cursor.take(flag);
  if (cursor.take('FRAG:') && (cursor.decimal() === null || !cursor.space())) return false;
  return cursor.take('TRUNCATED') ? cursor.space() : options(cursor);
}

function header6(cursor: Cursor, found: Found): boolean {
  if (!cursor.take(' TC=') || cursor.decimal() === null || !cursor.take(' HOPLIMIT=')) return false;
  found.ttl = cursor.decimal(255);
  if (found.ttl === null || !cursor.take(' FLOWLBL=') || cursor.decimal() === null || !cursor.space()) return false;
  // Extension headers: each may print something, and with --log-ip-options stands in `OPT ( … ) `.
  for (;;) {
    if (cursor.take('Unknown Ext Hdr ')) return cursor.decimal() !== null && cursor.space();
    if (cursor.take('OPT ( ') || cursor.take(') ') || cursor.take('AH ') || cursor.take('ESP ') || cursor.take('INCOMPLETE ')) {
      if (cursor.take('[') && (cursor.decimal() === null || !cursor.take(' bytes] '))) return false;
    } else if (cursor.take('FRAG:')) {
      // ulogd puts blanks between.
      cursor.take(' ');
      if (cursor.decimal() === null || !cursor.space()) return false;
    } else if (cursor.take('ID:') || cursor.take('SPI=')) {
      cursor.take(' ');
      if (cursor.hexadecimal() === null || !cursor.space()) return false;
    } else return true;
  }
}

/** `OPT (hex) `, `OPT (TRUNCATED)`, or nothing. */
function options(cursor: Cursor): boolean {
  if (!cursor.take('OPT (')) return true;
  if (!cursor.take('TRUNCATED')) cursor.octets();
  return cursor.take(')') && cursor.space();
}

/** From `PROTO=` on. A header that was cut says no more than it has: behind an extension header that cannot be read there is no protocol, in a later fragment there are no ports. */
function transport(cursor: Cursor, found: Found, family: Family, quoted: boolean): boolean {
  if (!cursor.take('PROTO=')) return true;
  found.proto = cursor.protocol();
  if (found.proto === null || !cursor.space()) return false;
  if (incomplete(cursor)) return true;
  switch (found.proto) {
    case TCP:
      return tcp(cursor, found);
    case 17:
    case 136:
      return !ports(cursor, found) || (cursor.take('LEN=') && cursor.decimal() !== null && cursor.space());
    case ICMP:
    case ICMPV6:
      return icmp(cursor, found, family, quoted);
    case 50:
    case 51:
      return !cursor.take('SPI=') || (cursor.hexadecimal() !== null && cursor.space());
    case SCTP:
      // Of ulogd; the kernel tells no ports.
      ports(cursor, found);
      return true;
    default:
      return true;
  }
}

function incomplete(cursor: Cursor): boolean {
  const before = cursor.at;
  if (cursor.take('INCOMPLETE')) {
    // ulogd says it without brackets, and without a blank behind it.
    if (!cursor.take(' [')) return cursor.take(' ') || true;
    if (cursor.decimal() !== null && cursor.take(' bytes]') && cursor.space()) return true;
  }
  cursor.at = before;
  return false;
}

function ports(cursor: Cursor, found: Found): boolean {
  const before = cursor.at;
  if (cursor.take('SPT=')) {
    found.sport = cursor.decimal(65535);
    if (found.sport !== null && cursor.take(' DPT=')) {
      found.dport = cursor.decimal(65535);
      if (found.dport !== null && cursor.space()) return true;
    }
  }
  found.sport = null;
  found.dport = null;
  cursor.at = before;
  return false;
}

function tcp(cursor: Cursor, found: Found): boolean {
  // A later fragment has no ports and so no flags either.
  if (!ports(cursor, found)) return true;
  if (
    cursor.take('SEQ=') &&
    (cursor.decimal() === null || !cursor.take(' ACK=') || cursor.decimal() === null || !cursor.space())
  ) {
    return false;
  }
  if (!cursor.take('WINDOW=') || cursor.decimal() === null || !cursor.space()) return false;
  // ulogd leaves it out.
  if (cursor.take('RES=') && (cursor.hexadecimal() === null || !cursor.space())) return false;
  for (const flag of ['AE ', 'CWR ', 'ECE ']) cursor.take(flag);
  let flags = 0;
  for (const name of ['URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'] as const) if (cursor.take(`${name} `)) flags |= flagBits[name];
  found.flags = flags;
  return cursor.take('URGP=') && cursor.decimal() !== null && cursor.space() && options(cursor);
}

function icmp(cursor: Cursor, found: Found, family: Family, quoted: boolean): boolean {
  if (!cursor.take('TYPE=')) return true;
  found.icmpType = cursor.decimal(255);
  if (found.icmpType === null || !cursor.take(' CODE=')) return false;
  found.icmpCode = cursor.decimal(255);
  if (found.icmpCode === null || !cursor.space()) return false;
  if (incomplete(cursor)) return true;
  if (cursor.take('ID=')) return cursor.decimal() !== null && cursor.take(' SEQ=') && cursor.decimal() !== null && cursor.space();
  if (cursor.take('PARAMETER=') && (cursor.decimal() === null || !cursor.space())) return false;
  if (cursor.take('POINTER=') && (cursor.hexadecimal() === null || !cursor.space())) return false;
  if (cursor.take('GATEWAY=') && (cursor.address() === null || !cursor.space())) return false;
  if (!quoted && cursor.take('[')) {
    const inner: Found = { ...found, src: null, dst: null };
    if (!packet(cursor, inner, true) || (inner.src !== null && inner.src.family !== family)) return false;
    if (!cursor.take(']') || !cursor.space()) return false;
  }
  return !cursor.take('MTU=') || (cursor.decimal() !== null && cursor.space());
}
