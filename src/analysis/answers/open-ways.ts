import { TCP } from '../../model/net/index.ts';
import { type Hook, states, tcpFlags } from '../../model/packet/index.ts';
import { all, complement, type Node, none } from '../space/index.ts';
import type { Firewall, Space } from '../symbolic/index.ts';

const { FIN, SYN, RST, ACK, URG } = tcpFlags;
/** Flags, but for PSH, of segments that systems send (net/netfilter/nf_conntrack_proto_tcp.c, tcp_valid_flags). */
const sentFlags = [SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG];

/**
 * Whether nothing that anybody sends on a way is denied. Packets that belong to nothing (INVALID ones, later fragments, TCP with flags that
 * no system sends) may be: systems drop them without a firewall too.
 *
 * @throws OverBudget
 */
export function letsAllPass(space: Space, firewall: Firewall, hook: Hook): boolean {
  const { diagram, endings } = space;
  const denied = diagram.where(firewall.way(hook).verdicts, (value) => {
    const end = value === 0 ? null : endings.of(value);
    return end?.kind === 'decided' && end.decision.verdict !== 'ACCEPT';
  });
  return diagram.mask(denied, ordinary(space, firewall, hook)) === none;
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
  const sent = sentFlags.map((value) => matching.set({ kind: 'bits', field: 'flags', mask: FIN | SYN | RST | ACK | URG, value }, place));
  const wellFormed = sent.reduce<Node>((sum, one) => diagram.first(sum, one), none);
  return diagram.mask(set, diagram.choose(tcp, wellFormed, all));
}
