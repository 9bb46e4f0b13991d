import { TCP } from '../../../net/index.ts';
import { bad, given, type Target, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { option } from '../pick.ts';

/** Full names as they print, with the short ones (libipt_REJECT.c, libip6t_REJECT.c). */
const kinds = {
  4: [
    ['icmp-net-unreachable', 'net-unreach'],
    ['icmp-host-unreachable', 'host-unreach'],
    ['icmp-proto-unreachable', 'proto-unreach'],
    ['icmp-port-unreachable', 'port-unreach'],
    ['icmp-net-prohibited', 'net-prohib'],
    ['icmp-host-prohibited', 'host-prohib'],
    ['tcp-reset', 'tcp-rst'],
    ['icmp-admin-prohibited', 'admin-prohib'],
  ],
  6: [
    ['icmp6-no-route', 'no-route'],
    ['icmp6-adm-prohibited', 'adm-prohibited'],
    ['icmp6-addr-unreachable', 'addr-unreach'],
    ['icmp6-port-unreachable', 'port-unreach'],
    ['tcp-reset', 'tcp-reset'],
    ['icmp6-policy-fail', 'policy-fail'],
    ['icmp6-reject-route', 'reject-route'],
  ],
} as const;

/** The first name that begins so. */
const rejectKind: ValueType = {
  hint: 'write icmp-port-unreachable, icmp6-port-unreachable, tcp-reset or another of iptables',
  saved: (text, family) => {
    const lower = text.toLowerCase();
    return kinds[family].find((names) => names.some((name) => name.startsWith(lower)))?.[0];
  },
  examples: (family) => kinds[family].flat(),
  refused: () => ['nosuchkind'],
};

/** net/ipv4/netfilter/ipt_REJECT.c. */
export const REJECT: Target = {
  kind: 'target',
  name: 'REJECT',
  families: [4, 6],
  options: options(['--reject-with KIND', rejectKind]),

  saved: (use, _backend, spelled) =>
    spelled.length > 0
      ? spelled
      : [option('--reject-with', use.family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable')],
  meaning(use) {
    const kind = given(use, '--reject-with');
    const isReset = kind !== undefined && rejectKind.saved(kind.values[0] ?? '', use.family) === 'tcp-reset';
    if (isReset && use.proto !== TCP) return bad('only TCP knows resets', 'write -p tcp before it', '--reject-with');
    return { kind: 'verdict', verdict: 'REJECT' };
  },
};
