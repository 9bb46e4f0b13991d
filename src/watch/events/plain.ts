import { absent, type Batch, eventKinds } from './batch.ts';
import { four, three } from './scan-cursor.ts';
import { isDigit } from './span.ts';
import { isTwoHex, pastFive, readGroups, readQuad, upToFive } from './view-values.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const LINE_END = 10;
const BLANK = 32;
const COLON = 58;
const EQUALS = 61;

/** The longest that is read here, with what is looked at beyond it. */
export const LONGEST_PLAIN = 384;

// Words by their first four letters and, where they are longer, by what makes them whole.
const SRC = four('SRC=');
const DST = four(' DST');
const LEN = four(' LEN');
const TOS = four(' TOS');
const TOS_END = four('S=0x');
const PREC = four(' PRE');
const PREC_END = four('C=0x');
const TTL = four(' TTL');
const ID = four(' ID=');
const TC = four(' TC=');
const HOPLIMIT = four(' HOP');
const HOPLIMIT_REST = four('LIMI');
const HOPLIMIT_END = four('MIT=');
const FLOWLBL = four(' FLO');
const FLOWLBL_END = four('LBL=');
const PROTO = four('PROT');
const PROTO_END = four('OTO=');
const PROTO_TCP = four('TCP ');
const PROTO_UDP = four('UDP ');
const PROTO_ICMP = four('ICMP');
const V6 = three('v6 ');
const TYPE = four('TYPE');
const CODE = four(' COD');
const CODE_END = four('ODE=');
const ECHO_ID = three('ID=');
const ECHO_SEQ = four(' SEQ');
const SPT = four('SPT=');
const DPT = four(' DPT');
const WINDOW = four(' WIN');
const WINDOW_END = four('DOW=');
const RES = four(' RES');
const RES_END = four('S=0x');
const URGP = four('URGP');
const URG = four('URG ');
const ACK = four('ACK ');
const PSH = four('PSH ');
const RST = four('RST ');
const SYN = four('SYN ');
const FIN = four('FIN ');
const DF = three('DF ');
const THREE = 0xffffff;

/**
 * Reads what most lines are, from `SRC=` to the byte 10 at their end: TCP, UDP and echoes without options, into the row. It answers where the line ends, or -1
 * of all else, be it an event or none, which {@link readPacket} then reads: this is the same grammar once more, with its place in the line in no
 * object. {@link LONGEST_PLAIN} bytes must be there.
 *
 * It is in small pieces because V8 makes one piece of code of a function and what it calls only up to some size.
 */
export function readPlain(view: DataView, from: number, batch: Batch): number {
  if (view.getInt32(from, true) !== SRC) return -1;
  const isV6 = view.getUint8(from + 8) === COLON;
  let at = isV6 ? readEnds6(view, from, batch) : readEnds4(view, from, batch);
  if (at < 0) return -1;
  at = isV6 ? readSizes6(view, at, batch) : readSizes4(view, at, batch);
  if (at < 0 || view.getInt32(at, true) !== PROTO || view.getInt32(at + 2, true) !== PROTO_END) return -1;
  const proto = view.getInt32(at + 6, true);
  at += 10;
  if (proto === PROTO_TCP) at = readTcp(view, at, batch);
  else if (proto === PROTO_UDP) at = readUdp(view, at, batch);
  else if (proto === PROTO_ICMP) at = readEcho(view, at, isV6, batch);
  else return -1;
  if (at < 0) return -1;
  if (view.getUint8(at) === BLANK) at += 1;
  if (view.getUint8(at) !== LINE_END) return -1;
  const row = batch.length;
  batch.kind[row] = eventKinds.packet;
  batch.family[row] = isV6 ? 6 : 4;
  batch.mark[row] = 0;
  return at;
}

/** `SRC=… DST=…`: where it ends, as of all that follow here, or -1. */
function readEnds4(view: DataView, from: number, batch: Batch): number {
  const row = batch.length;
  const at = readQuad(view, from + 4, batch.src, 4 * row);
  if (at < 0 || view.getInt32(at, true) !== DST || view.getUint8(at + 4) !== EQUALS) return -1;
  return readQuad(view, at + 5, batch.dst, 4 * row);
}

/** ` LEN=… TOS=… PREC=… TTL=… ID=… [DF ]` */
function readSizes4(view: DataView, from: number, batch: Batch): number {
  if (view.getInt32(from, true) !== LEN || view.getUint8(from + 4) !== EQUALS) return -1;
  const size = upToFive(view, from + 5);
  let at = from + 5 + (size & 7);
  if (view.getInt32(at, true) !== TOS || view.getInt32(at + 3, true) !== TOS_END || !isTwoHex(view, at + 7)) return -1;
  if (view.getInt32(at + 9, true) !== PREC || view.getInt32(at + 13, true) !== PREC_END || !isTwoHex(view, at + 17)) return -1;
  if (view.getInt32(at + 19, true) !== TTL || view.getUint8(at + 23) !== EQUALS) return -1;
  const ttl = upToFive(view, at + 24);
  at += 24 + (ttl & 7);
  if (view.getInt32(at, true) !== ID) return -1;
  const id = upToFive(view, at + 4);
  at += 4 + (id & 7);
  // None of them is without digits.
  if (view.getUint8(at) !== BLANK || size === 0 || ttl === 0 || id === 0 || ttl >>> 3 > 255) return -1;
  const row = batch.length;
  batch.size[row] = size >>> 3;
  batch.ttl[row] = ttl >>> 3;
  return (view.getInt32(at + 1, true) & THREE) === DF ? at + 4 : at + 1;
}

/** As {@link readEnds4}, both in full length. */
function readEnds6(view: DataView, from: number, batch: Batch): number {
  const row = batch.length;
  if (!readGroups(view, from + 4, batch.src, 4 * row)) return -1;
  if (view.getInt32(from + 43, true) !== DST || view.getUint8(from + 47) !== EQUALS) return -1;
  return readGroups(view, from + 48, batch.dst, 4 * row) ? from + 87 : -1;
}

/** ` LEN=… TC=… HOPLIMIT=… FLOWLBL=… ` */
function readSizes6(view: DataView, from: number, batch: Batch): number {
  if (view.getInt32(from, true) !== LEN || view.getUint8(from + 4) !== EQUALS) return -1;
  const size = upToFive(view, from + 5);
  let at = from + 5 + (size & 7);
  if (view.getInt32(at, true) !== TC) return -1;
  const traffic = upToFive(view, at + 4);
  at += 4 + (traffic & 7);
  if (view.getInt32(at, true) !== HOPLIMIT || view.getInt32(at + 4, true) !== HOPLIMIT_REST) return -1;
  if (view.getInt32(at + 6, true) !== HOPLIMIT_END) return -1;
  const ttl = upToFive(view, at + 10);
  at += 10 + (ttl & 7);
  if (view.getInt32(at, true) !== FLOWLBL || view.getUint8(at + 4) !== 87 || view.getInt32(at + 5, true) !== FLOWLBL_END)
    return -1;
  at += 9;
  // Up to seven digits.
  const label = at;
  while (at - label < 8 && isDigit(view.getUint8(at))) at += 1;
  if (at === label || view.getUint8(at) !== BLANK || size === 0 || traffic === 0 || ttl === 0 || ttl >>> 3 > 255) return -1;
  const row = batch.length;
  batch.size[row] = size >>> 3;
  batch.ttl[row] = ttl >>> 3;
  return at + 1;
}

/** `SPT=… DPT=…` */
function readPorts(view: DataView, from: number, batch: Batch): number {
  if (view.getInt32(from, true) !== SPT) return -1;
  const sport = upToFive(view, from + 4);
  const at = from + 4 + (sport & 7);
  if (view.getInt32(at, true) !== DPT || view.getUint8(at + 4) !== EQUALS) return -1;
  const dport = upToFive(view, at + 5);
  if (sport === 0 || dport === 0 || sport >>> 3 > 65535 || dport >>> 3 > 65535) return -1;
  const row = batch.length;
  batch.sport[row] = sport >>> 3;
  batch.dport[row] = dport >>> 3;
  batch.icmpType[row] = absent;
  batch.icmpCode[row] = absent;
  return at + 5 + (dport & 7);
}

/** `SPT=… DPT=… WINDOW=… RES=… [flags ]URGP=…` */
function readTcp(view: DataView, from: number, batch: Batch): number {
  let at = readPorts(view, from, batch);
  if (at < 0 || view.getInt32(at, true) !== WINDOW || view.getInt32(at + 4, true) !== WINDOW_END) return -1;
  const window = upToFive(view, at + 8);
  at += 8 + (window & 7);
  if (window === 0 || view.getInt32(at, true) !== RES || view.getInt32(at + 3, true) !== RES_END) return -1;
  if (!isTwoHex(view, at + 7) || view.getUint8(at + 9) !== BLANK) return -1;
  at += 10;
  let flags = 0;
  let last = 64;
  let word = view.getInt32(at, true);
  while (word !== URGP) {
    const flag =
      word === SYN ? 2 : word === ACK ? 16 : word === RST ? 4 : word === PSH ? 8 : word === FIN ? 1 : word === URG ? 32 : 64;
    // None, or not in the kernel's order, which is from the highest bit down.
    if (flag >= last) return -1;
    flags |= flag;
    last = flag;
    at += 4;
    word = view.getInt32(at, true);
  }
  if (view.getUint8(at + 4) !== EQUALS) return -1;
  const row = batch.length;
  batch.proto[row] = TCP;
  batch.flags[row] = flags;
  return pastFive(view, at + 5);
}

/** `SPT=… DPT=… LEN=…` */
function readUdp(view: DataView, from: number, batch: Batch): number {
  const at = readPorts(view, from, batch);
  if (at < 0 || view.getInt32(at, true) !== LEN || view.getUint8(at + 4) !== EQUALS) return -1;
  const row = batch.length;
  batch.proto[row] = UDP;
  batch.flags[row] = absent;
  return pastFive(view, at + 5);
}

/** ` TYPE=… CODE=… ID=… SEQ=…`, with `v6` before it in IPv6. */
function readEcho(view: DataView, from: number, isV6: boolean, batch: Batch): number {
  let at = from;
  if (isV6) {
    if ((view.getInt32(at, true) & THREE) !== V6) return -1;
    at += 3;
  } else {
    if (view.getUint8(at) !== BLANK) return -1;
    at += 1;
  }
  if (view.getInt32(at, true) !== TYPE || view.getUint8(at + 4) !== EQUALS) return -1;
  const type = upToFive(view, at + 5);
  at += 5 + (type & 7);
  if (view.getInt32(at, true) !== CODE || view.getInt32(at + 2, true) !== CODE_END) return -1;
  const code = upToFive(view, at + 6);
  at += 6 + (code & 7);
  if (type === 0 || code === 0 || type >>> 3 > 255 || code >>> 3 > 255) return -1;
  if (view.getUint8(at) !== BLANK || (view.getInt32(at + 1, true) & THREE) !== ECHO_ID) return -1;
  at = pastFive(view, at + 4);
  if (at < 0 || view.getInt32(at, true) !== ECHO_SEQ || view.getUint8(at + 4) !== EQUALS) return -1;
  const row = batch.length;
  batch.proto[row] = isV6 ? ICMPV6 : ICMP;
  batch.sport[row] = absent;
  batch.dport[row] = absent;
  batch.icmpType[row] = type >>> 3;
  batch.icmpCode[row] = code >>> 3;
  batch.flags[row] = absent;
  return pastFive(view, at + 5);
}
