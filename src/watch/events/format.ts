import { type Address, formatAddress, formatProtocol } from '../../model/net/index.ts';
import type { LoggedPacket } from './event.ts';

/** In the order in which people say them. */
const flagNames = [
  ['SYN', 2],
  ['ACK', 16],
  ['FIN', 1],
  ['RST', 4],
  ['PSH', 8],
  ['URG', 32],
] as const;

/** The last moment that a Date can hold (ECMA-262, 21.4.1.1). */
const latestMs = 8.64e15;

/**
 * One short line for a terminal, time in UTC:
 * `23:23:15Z FW-DROP eth0: tcp 203.0.113.9:40000 → 198.51.100.1:22 SYN`.
 */
export function formatLoggedPacket(event: LoggedPacket): string {
  // What the kernel tells may be beyond any date.
  const time = Math.abs(event.at) <= latestMs ? new Date(event.at).toISOString().slice(11, 19) : '??:??:??';
  const prefix = event.prefix === '' ? '' : `${event.prefix} `;
  return `${time}Z ${prefix}${way(event)}: ${proto(event)} ${end(event.src, event.sport)} → ${end(event.dst, event.dport)}${details(event)}`;
}

/** `eth0` coming in, `→ eth0` going out, `eth0 → eth1` passing through. */
function way({ in: from, out: to }: LoggedPacket): string {
  if (to === null) return from ?? '?';
  return from === null ? `→ ${to}` : `${from} → ${to}`;
}

function proto(event: LoggedPacket): string {
  return event.proto === null ? 'unknown' : formatProtocol(event.proto);
}

function end(address: Address, port: number | null): string {
  const text = formatAddress(address);
  return port === null ? text : address.family === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}

function details(event: LoggedPacket): string {
  if (event.flags !== null) {
    const { flags } = event;
    const names = flagNames.flatMap(([name, bit]) => ((flags & bit) !== 0 ? [name] : []));
    return ` ${names.length === 0 ? 'no flags' : names.join(' ')}`;
  }
  return event.icmpType === null ? '' : ` type ${event.icmpType} code ${event.icmpCode ?? '?'}`;
}
