import { bad, given, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole, wholeRange } from '../../values/number.ts';
import { behindProtocol } from './transport.ts';

/** net/ipv4/netfilter/ipt_ah.c, net/ipv6/netfilter/ip6t_ah.c; the last two options are those of IPv6. */
export const ah: Match = {
  kind: 'match',
  name: 'ah',
  families: [4, 6],
  impliedBy: ['ah'],
  options: options(['! --ahspi RANGE', wholeRange(u32)], ['! --ahlen LENGTH', whole(0n, u32)], '--ahres'),
  saved: (_use, _backend, spelled) =>
    spelled.filter(
      (one) =>
        (one.name !== '--ahspi' || one.values[0] !== `0:${u32}`) &&
        (one.name !== '--ahlen' || one.values[0] !== '0' || one.inverted),
    ),

  meaning(use) {
    const alien = use.family === 4 ? (given(use, '--ahlen') ?? given(use, '--ahres')) : undefined;
    if (alien !== undefined) return bad(`${alien.name} is of IPv6`, 'leave it out', alien.name);
    // In IPv6 it is looked for among the headers, whatever the protocol.
    return use.family === 6 ? opaque(use, 'pure') : behindProtocol(use, 'ah', 51, () => opaque(use, 'pure'));
  },
};
