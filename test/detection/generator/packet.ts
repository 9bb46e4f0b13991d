import { type Address, words } from './address.ts';

/**
 * One packet that a LOG rule reports. What is left out is as it mostly is. The text of the line follows net/netfilter/nf_log_syslog.c
 * (Linux 6.18) field by field.
 */
export interface Packet {
  /** As the rule has it, with its blank at the end if it has one. */
  readonly prefix: string;
  /** The link it came by; the other direction has `out`. */
  readonly in?: string;
  readonly out?: string;
  readonly mac?: string;
  readonly src: Address;
  readonly dst: Address;
  /** Bytes of the whole packet. */
  readonly length: number;
  readonly ttl: number;
  /** IPv4's identification, or IPv6's flow label. */
  readonly id: number;
  readonly dontFragment?: boolean;
  readonly precedence?: string;
  readonly what: Transport;
  /** Behind the line: ` UID=33 GID=33 `, `MARK=0x1 `. */
  readonly tail?: string;
}

export type Transport =
  | { readonly kind: 'tcp'; readonly sport: number; readonly dport: number; readonly flags: string; readonly window: number }
  | { readonly kind: 'udp'; readonly sport: number; readonly dport: number }
  | { readonly kind: 'icmp'; readonly type: number; readonly code: number; readonly rest?: string }
  | { readonly kind: 'other'; readonly number: number };

/** The line as the kernel makes it, blank at the end included. */
export function kernelLine(packet: Packet): string {
  const { what, src, dst } = packet;
  const isOld = typeof src === 'number';
  let line = `${packet.prefix}IN=${packet.in ?? ''} OUT=${packet.out ?? ''} `;
  if (packet.in !== undefined && packet.mac !== undefined) line += `MAC=${packet.mac}:${isOld ? '08:00' : '86:dd'} `;
  line += `SRC=${words(src)} DST=${words(dst)} LEN=${packet.length} `;
  line += isOld
    ? `TOS=0x00 PREC=${packet.precedence ?? '0x00'} TTL=${packet.ttl} ID=${packet.id} ${packet.dontFragment ? 'DF ' : ''}`
    : `TC=0 HOPLIMIT=${packet.ttl} FLOWLBL=${packet.id} `;
  line += transport(what, isOld, packet.length);
  return packet.tail === undefined ? line : line + packet.tail;
}

function transport(what: Transport, isOld: boolean, length: number): string {
  switch (what.kind) {
    case 'tcp':
      return `PROTO=TCP SPT=${what.sport} DPT=${what.dport} WINDOW=${what.window} RES=0x00 ${what.flags}${what.flags === '' ? '' : ' '}URGP=0 `;
    case 'udp':
      return `PROTO=UDP SPT=${what.sport} DPT=${what.dport} LEN=${length - (isOld ? 20 : 40)} `;
    case 'icmp':
      return `PROTO=ICMP${isOld ? '' : 'v6'} TYPE=${what.type} CODE=${what.code} ${what.rest ?? ''}`;
    case 'other':
      return `PROTO=${what.number} `;
  }
}
