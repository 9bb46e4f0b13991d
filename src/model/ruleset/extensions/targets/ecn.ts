import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv4/netfilter/ipt_ECN.c. */
export const ECN: Target = {
  kind: 'target',
  name: 'ECN',
  families: [4],
  options: options('--ecn-tcp-remove', '--ecn-tcp-cwr NUMBER', '--ecn-tcp-ece NUMBER', '--ecn-ip-ect NUMBER'),
  meaning: () => ({ kind: 'continue' }),
};
