import type { Packet, Tuple } from '../model/packet/index.ts';
import { firstState } from './first-state.ts';
import { turned } from './turned.ts';

/** Of connection tracking's status: expected by a helper, and translated (include/uapi/linux/netfilter/nf_conntrack_common.h). */
const [EXPECTED, TRANSLATED] = [1, 16 | 32];

/**
 * Why the kernel would not see the packet as it says of itself that it is, however it is sent; `null` when it would.
 *
 * @param tracked some rule asks for connections; else no rule sees what is said of them.
 */
export function unsendable(packet: Packet, tracked: boolean): string | null {
  const { family, hook, fragment, length, connmark, state, status, direction, original } = packet;
  const header = family === 4 ? 20 : fragment ? 48 : 40;
  if (length < header || length > 65535) return `no IPv${family} packet is ${length} bytes long`;
  if (connmark !== 0) return 'no packet brings the mark of a connection with it; only rules that met an earlier one set it';
  if (fragment && (tracked || hook === 'input')) {
    const where = tracked ? 'where connections are tracked' : 'of what comes in for it';
    return `${where} the kernel puts fragments together first, and this one comes alone`;
  }
  if (family === 6 && hook !== 'output' && packet.in !== 'lo' && isConfined(packet.dst))
    return 'the kernel drops what comes from a link for a group that is reserved or within one machine';
  if (!tracked) return null;
  if ((status & (EXPECTED | TRANSLATED)) !== 0)
    return 'its connection would have to be expected by a helper or translated, and a rehearsal opens no such connections';
  if (state === 'ESTABLISHED')
    return isOfOther(packet) ? 'its connection is translated, and a rehearsal opens no such connections' : null;
  if (state === 'RELATED' && original !== null && packet.dst !== (direction === 'original' ? original.dst : original.src))
    return 'an error goes to the sender of what it is about, and this one does not';
  if (state === 'RELATED' || state === 'UNTRACKED') return null;
  const first = firstState(packet);
  if (first === state) return null;
  return state === 'INVALID'
    ? `it is ${state} only within a connection that is already there: by itself the kernel takes it for ${first}`
    : `the kernel takes it for ${first}, not for ${state}`;
}

/** Scope 0 or 1 of a group (RFC 4291 §2.7; net/ipv6/ip6_input.c, ip6_rcv_core). */
function isConfined(dst: bigint): boolean {
  return dst >> 120n === 0xffn && ((dst >> 112n) & 0xfn) < 2n;
}

/** It has not the ends of the connection that it says it is of. */
function isOfOther(packet: Packet): boolean {
  if (packet.original === null) return false;
  const own = packet.direction === 'original' ? packet : turned(packet);
  const same = (field: keyof Tuple): boolean => own[field] === packet.original?.[field];
  return !(same('src') && same('dst') && same('sport') && same('dport'));
}
