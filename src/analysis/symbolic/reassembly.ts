import type { Hook } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import type { Station } from '../evaluate/hooks.ts';
import { rulesOf } from '../evaluate/rules.ts';
import { all, listed, type Node, none } from '../space/index.ts';
import { loopbackCodes } from './links.ts';
import type { Matching } from './match.ts';

/**
 * Later fragments that can be on a way, and all that are none. Whatever tracks connections puts fragments together before any
 * rule sees them (priority -400 in PREROUTING and OUTPUT; test/kernel/fragments.test.ts), but for
 *
 * - what comes over loopback, or a VRF's own link: tracking knew it when it left, and looks no more
 *   (net/ipv6/netfilter/nf_defrag_ipv6_hooks.c, ipv6_defrag; IPv4's does so of untracked packets);
 * - IPv4 from a raw socket that says IP_NODEFRAG (nf_defrag_ipv4.c, ipv4_conntrack_defrag).
 */
export function unassembled(ruleset: Ruleset, hook: Hook, matching: Matching): Node {
  const { diagram } = matching;
  const later = laterFragments(matching);
  if (ruleset.family === 4 && hook === 'input' && !seesArriving(ruleset)) return diagram.not(later);
  if (!assembles(ruleset) || (ruleset.family === 4 && hook === 'output')) return all;
  return diagram.without(all, diagram.without(later, hook === 'output' ? none : known(matching)));
}

/** Packets that a built-in chain sees: IPv4 assembles before INPUT in any case (net/ipv4/ip_input.c, ip_local_deliver). */
export function seenIn({ chain }: Station, matching: Matching): Node {
  if (matching.layout.family === 6 || chain !== 'INPUT') return all;
  return matching.diagram.not(laterFragments(matching));
}

function laterFragments(matching: Matching): Node {
  return matching.fieldSet('fragment', matching.layout.numberCodes('fragment', [[1, 1]]));
}

function known({ layout, surroundings, fieldSet }: Matching): Node {
  const vrfs = (surroundings.links ?? []).flatMap(({ name, kind }) => (kind === 'vrf' ? [layout.interfaces.codeOf(name)] : []));
  return fieldSet('in', listed([...new Set([...loopbackCodes(layout, surroundings), ...vrfs])].sort((a, b) => a - b)));
}

/** Some rule asks for tracking, or for whole packets: that it is loaded is enough, no packet has to come to it. */
function assembles(ruleset: Ruleset): boolean {
  return some(ruleset, ({ assembles }) => assembles);
}

/** Some rule stands where IPv4's fragments still come by on their way to INPUT. */
function seesArriving(ruleset: Ruleset): boolean {
  return ruleset.tables.some(({ chains }) => (chains.get('PREROUTING')?.rules.length ?? 0) > 0);
}

function some(ruleset: Ruleset, is: (rule: ReturnType<typeof rulesOf>[number]) => boolean): boolean {
  return ruleset.tables.some(({ chains }) => [...chains.values()].some((chain) => rulesOf(ruleset, chain).some(is)));
}
