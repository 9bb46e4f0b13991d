import { bad, type Given, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u8, whole } from '../../values/number.ts';
import { tosText, tosValue } from '../../values/tos.ts';
import { option } from '../pick.ts';
import { serviceBits } from '../service.ts';

/** net/netfilter/xt_DSCP.c, tos_tg. */
export const TOS: Target = {
  kind: 'target',
  name: 'TOS',
  families: [4, 6],
  options: options(
    ['--set-tos VALUE', tosValue],
    ['--and-tos BITS', whole(0n, u8)],
    ['--or-tos BITS', whole(0n, u8)],
    ['--xor-tos BITS', whole(0n, u8)],
  ),
  limits: [{ kind: 'one', of: ['--set-tos', '--and-tos', '--or-tos', '--xor-tos'] }],

  // All four print as one.
  saved: (_use, _backend, spelled) => spelled.map(asSet),
  meaning(use) {
    const [one] = use.given;
    const set = one === undefined ? undefined : asSet(one);
    const bits = serviceBits(tosValue.saved(set?.values[0] ?? '', use.family));
    if (bits === undefined) return bad('-j TOS does not say what to write', 'write --set-tos VALUE/MASK');
    return { kind: 'service', by: 'tos', ...bits };
  },
};

function asSet(one: Given): Given {
  const bits = Number(one.values[0]);
  if (one.name === '--and-tos') return option('--set-tos', tosText(0, ~bits & 255));
  if (one.name === '--or-tos') return option('--set-tos', tosText(bits, bits));
  return one.name === '--xor-tos' ? option('--set-tos', tosText(bits, 0)) : one;
}
