import type { Target, ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { whole } from '../../values/number.ts';

/** With the headers of IP and TCP it must fit into the 16 bits of a packet's length. */
const segment: ValueType = {
  hint: 'write a number of bytes, at most 65495 (IPv6: 65475)',
  saved: (text, family) => whole(0n, family === 4 ? 65_495n : 65_475n).saved(text, family),
  examples: (family) => ['0', '1400', '0x500', family === 4 ? '65495' : '65475'],
  refused: (family) => [family === 4 ? '65496' : '65476', '65536', 'x'],
};

/** net/netfilter/xt_TCPMSS.c. */
export const TCPMSS: Target = {
  kind: 'target',
  name: 'TCPMSS',
  families: [4, 6],
  options: options(['--set-mss NUMBER', segment], '--clamp-mss-to-pmtu'),
  limits: [{ kind: 'one', of: ['--set-mss', '--clamp-mss-to-pmtu'] }],

  meaning: () => ({ kind: 'alter', what: 'mss' }),
};
