import { givenValue, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_policy.c: what IPsec has done or will do; the latter is known only once it is routed. */
export const policy: Match = {
  kind: 'match',
  name: 'policy',
  families: [4, 6],
  options: options(
    '--dir DIRECTION',
    '--pol POLICY',
    '--strict',
    '! --reqid NUMBER ...',
    '! --spi SPI ...',
    '! --proto PROTO ...',
    '! --mode MODE ...',
    '! --tunnel-src ADDRESS ...',
    '! --tunnel-dst ADDRESS ...',
    '--next ...',
  ),
  meaning: (use) => opaque(use, givenValue(use, '--dir') === 'in' ? 'pure' : 'stateful'),
};
