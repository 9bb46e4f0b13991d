import type { Family } from '../../src/model/net/index.ts';
import type { Packet } from '../../src/model/packet/index.ts';
import { peerMac } from './lab.ts';

/** A packet whose every field is still to be said. */
export const blank: Packet = {
  family: 4,
  hook: 'input',
  in: null,
  out: null,
  src: 0n,
  dst: 0n,
  proto: 17,
  sport: null,
  dport: null,
  icmpType: null,
  icmpCode: null,
  flags: 0,
  state: 'NEW',
  status: 0,
  direction: 'original',
  original: null,
  mark: 0,
  connmark: 0,
  length: 100,
  ttl: 64,
  fragment: false,
  mac: null,
  tos: 0,
  pktType: 'unicast',
  uid: 0,
  gid: 0,
};

/** What no other packet is: rules report it as `done`. */
export function lastPacket(family: Family): Packet {
  const [src, dst] = family === 4 ? [0x64400001n, 0x0a320001n] : [(0x20010db8ffffn << 80n) | 1n, (0xfd50n << 112n) | 1n];
  return { ...blank, family, in: 'eth0', src, dst, sport: 9, dport: 9, mac: peerMac('eth0') };
}
