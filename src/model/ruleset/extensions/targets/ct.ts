import { given, type Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_CT.c: switches tracking off, or says how to track; the latter changes no field of this packet. */
export const CT: Target = {
  kind: 'target',
  name: 'CT',
  families: [4, 6],
  options: options(
    '--notrack',
    '--helper NAME',
    '--timeout NAME',
    '--ctevents EVENTS',
    '--expevents EVENTS',
    '--zone-orig ZONE',
    '--zone-reply ZONE',
    '--zone ZONE',
  ),
  meaning: (use) => (given(use, '--notrack') === undefined ? { kind: 'continue' } : { kind: 'untrack' }),
};
