import { bogons, type Family, networks, type Ranges, rangesOf, shared, TCP, without } from '../../model/net/index.ts';
import { type Hook, states, tcpFlags } from '../../model/packet/index.ts';
import { all, complement, type Node, none } from '../space/index.ts';
import { projected, splitBy } from '../space/split.ts';
import type { Firewall, Space } from '../symbolic/index.ts';

/** How far a way is open: to all, to all but a few addresses (as of those that are banned), or not. */
export type Openness = 'all' | 'nearly-all' | 'no';

const { FIN, SYN, RST, ACK, URG } = tcpFlags;
/** Flags, but for PSH, of segments that systems send (net/netfilter/nf_conntrack_proto_tcp.c, tcp_valid_flags). */
const sentFlags = [SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG];

/** Addresses that the world has: what is denied to others says nothing of who comes in (RFC 6890). */
const world: Readonly<Record<Family, Ranges<bigint>>> = {
  4: without(
    networks('0.0.0.0/0'),
    rangesOf([...bogons[4], ...networks('0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3')]),
  ),
  6: networks('2000::/3'),
};

/** So many addresses of the world are few: those of all bans that anybody has. */
const few: Readonly<Record<Family, bigint>> = { 4: 1n << 26n, 6: 1n << 108n };

/**
 * Whether nothing that anybody sends on a way is denied. Packets that belong to nothing (INVALID ones, later fragments, TCP with flags that
 * no system sends) may be: systems drop them without a firewall too.
 *
 * @throws OverBudget
 */
export function opennessOf(space: Space, firewall: Firewall, hook: Hook): Openness {
  const { diagram, endings, layout, family } = space;
  const ends = diagram.where(firewall.way(hook).verdicts, (value) => {
    const end = value === 0 ? null : endings.of(value);
    return end?.kind === 'decided' && end.decision.verdict !== 'ACCEPT';
  });
  const denied = diagram.mask(ends, ordinary(space, firewall, hook));
  if (denied === none) return 'all';
  const field = hook === 'output' ? 'dst' : 'src';
  const axis = layout.axis(field);
  const far = projected(diagram, denied, (level) => level >= axis.level && level < axis.level + axis.width);
  const runs = splitBy(diagram, far, axis);
  const addresses = runs.flatMap(({ first, rest }, index) => {
    const last = (runs[index + 1]?.first ?? axis.size) - 1;
    return rest === none ? [] : [[layout.addressesOf(field, first)[0], layout.addressesOf(field, last)[1]] as const];
  });
  const size = shared(rangesOf(addresses), world[family]).reduce((sum, [lo, hi]) => sum + hi - lo + 1n, 0n);
  return size < few[family] ? 'nearly-all' : 'no';
}

function ordinary({ diagram, layout }: Space, { matching, possible }: Firewall, hook: Hook): Node {
  let set = diagram.mask(possible(hook), matching.fieldSet('fragment', layout.numberCodes('fragment', [[0, 0]])));
  const invalid = states.indexOf('INVALID');
  // What no rule tells apart is treated alike.
  if (layout.axis('state').size > 1) {
    const codes = layout.numberCodes('state', [[invalid, invalid]]);
    set = diagram.mask(set, matching.fieldSet('state', complement(codes, layout.axis('state').size)));
  }
  if (layout.axis('flags').size === 1) return set;
  const tcp = matching.fieldSet('proto', layout.numberCodes('proto', [[TCP, TCP]]));
  const place = { tracked: true, scope: '' };
  const mask = FIN | SYN | RST | ACK | URG;
  const sent = sentFlags.map((value) => matching.set({ kind: 'bits', field: 'flags', mask, value }, place));
  const wellFormed = sent.reduce<Node>((sum, one) => diagram.first(sum, one), none);
  return diagram.mask(set, diagram.choose(tcp, wellFormed, all));
}
