import { PacketText, readEnd } from './packet-text.ts';
import { four, type ScanCursor, three } from './scan-cursor.ts';
import { options, transport } from './scan-transport.ts';

// Words by their first and, where they are longer than four letters, their last four.
const most32 = 0xffffffff;
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
const CE = three('CE ');
const DF = three('DF ');
const MF = three('MF ');
const TC = four(' TC=');
const HOPLIMIT = four(' HOP');
const FLOWLBL = four(' FLO');
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
  if (cursor.truncated()) return cursor.space();
  if (!cursor.take4(SRC)) return false;
  found.src = readEnd(cursor, src, at);
  if (found.src === 0 || !cursor.takeWord(DST, DST_END, 5)) return false;
  found.dst = readEnd(cursor, dst, at);
  if (found.dst !== found.src || !cursor.space()) return false;
  // An address was there, but not the header behind it.
  if (cursor.truncated()) return cursor.space();
  if (!cursor.take4(LEN)) return false;
  found.size = cursor.decimal(most32);
  if (found.size < 0 || !(found.src === 4 ? header4(cursor, found) : header6(cursor, found))) return false;
  return transport(cursor, found, quotes ? readQuoted : null);
}

/** The packet between the brackets of an ICMP error. */
function readQuoted(cursor: ScanCursor, family: number): boolean {
  quoted.clear();
  return readPacket(cursor, quoted, quotedWords, quotedWords, 0, false) && (quoted.src === 0 || quoted.src === family);
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
  return cursor.truncated() ? cursor.space() : options(cursor);
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
