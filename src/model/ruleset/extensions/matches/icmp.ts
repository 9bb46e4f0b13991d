import { ICMP } from '../../../net/index.ts';
import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { icmpType, icmpTypeValue } from './icmp-type.ts';
import { behindProtocol } from './transport.ts';

/** Names of iptables' xt_icmp.h: type, lowest and highest code. */
const names: Readonly<Record<string, readonly [number, number, number]>> = {
  'echo-reply': [0, 0, 255],
  pong: [0, 0, 255],
  'destination-unreachable': [3, 0, 255],
  'network-unreachable': [3, 0, 0],
  'host-unreachable': [3, 1, 1],
  'protocol-unreachable': [3, 2, 2],
  'port-unreachable': [3, 3, 3],
  'fragmentation-needed': [3, 4, 4],
  'source-route-failed': [3, 5, 5],
  'network-unknown': [3, 6, 6],
  'host-unknown': [3, 7, 7],
  'network-prohibited': [3, 9, 9],
  'host-prohibited': [3, 10, 10],
  'TOS-network-unreachable': [3, 11, 11],
  'TOS-host-unreachable': [3, 12, 12],
  'communication-prohibited': [3, 13, 13],
  'host-precedence-violation': [3, 14, 14],
  'precedence-cutoff': [3, 15, 15],
  'source-quench': [4, 0, 255],
  redirect: [5, 0, 255],
  'network-redirect': [5, 0, 0],
  'host-redirect': [5, 1, 1],
  'TOS-network-redirect': [5, 2, 2],
  'TOS-host-redirect': [5, 3, 3],
  'echo-request': [8, 0, 255],
  ping: [8, 0, 255],
  'router-advertisement': [9, 0, 255],
  'router-solicitation': [10, 0, 255],
  'time-exceeded': [11, 0, 255],
  'ttl-exceeded': [11, 0, 255],
  'ttl-zero-during-transit': [11, 0, 0],
  'ttl-zero-during-reassembly': [11, 1, 1],
  'parameter-problem': [12, 0, 255],
  'ip-header-bad': [12, 0, 0],
  'required-option-missing': [12, 1, 1],
  'timestamp-request': [13, 0, 255],
  'timestamp-reply': [14, 0, 255],
  'address-mask-request': [17, 0, 255],
  'address-mask-reply': [18, 0, 255],
};

const allNames = { ...names, any: [255, 0, 255] } as const;

/** net/ipv4/netfilter/ip_tables.c, icmp_match: a later fragment never matches; type 255 stands for any. */
export const icmp: Match = {
  kind: 'match',
  name: 'icmp',
  families: [4],
  impliedBy: ['icmp'],
  options: options(['*! --icmp-type TYPE', icmpTypeValue(allNames, 255)]),

  meaning(use) {
    return behindProtocol(use, 'icmp', ICMP, () => icmpType(use, '--icmp-type', allNames, true));
  },
};
