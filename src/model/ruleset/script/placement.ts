import { type Family, TCP } from '../../net/index.ts';
import { ruleProtocol } from '../meaning.ts';
import type { RuleParts } from '../rule.ts';

/**
 * In which tables and chains the kernel takes a match or a target: `table` and `hooks` of their `struct xt_target` and
 * `struct xt_match` (net/netfilter/xt_*.c, net/ipv4/netfilter/ipt_*.c), and what their `checkentry` asks of the hooks.
 */
export interface Placement {
  /** `null`: any. */
  readonly tables: readonly string[] | null;
  /** Built-in chains from which the rule may be reached; `null`: any. */
  readonly hooks: readonly string[] | null;
}

const filtering = ['INPUT', 'FORWARD', 'OUTPUT'];
const leaving = ['FORWARD', 'OUTPUT', 'POSTROUTING'];

const ofTargets: Readonly<Record<string, Placement>> = {
  REJECT: { tables: ['filter'], hooks: filtering },
  DNAT: { tables: ['nat'], hooks: ['PREROUTING', 'OUTPUT'] },
  REDIRECT: { tables: ['nat'], hooks: ['PREROUTING', 'OUTPUT'] },
  SNAT: { tables: ['nat'], hooks: ['POSTROUTING', 'INPUT'] },
  MASQUERADE: { tables: ['nat'], hooks: ['POSTROUTING'] },
  NETMAP: { tables: ['nat'], hooks: null },
  CT: { tables: ['raw'], hooks: null },
  NOTRACK: { tables: ['raw'], hooks: null },
  TPROXY: { tables: ['mangle'], hooks: ['PREROUTING'] },
  DSCP: { tables: ['mangle'], hooks: null },
  TOS: { tables: ['mangle'], hooks: null },
  TTL: { tables: ['mangle'], hooks: null },
  HL: { tables: ['mangle'], hooks: null },
  ECN: { tables: ['mangle'], hooks: null },
  CHECKSUM: { tables: ['mangle'], hooks: null },
  CLASSIFY: { tables: null, hooks: leaving },
  SYNPROXY: { tables: null, hooks: ['INPUT', 'FORWARD'] },
  SECMARK: { tables: ['mangle', 'security'], hooks: null },
  CONNSECMARK: { tables: ['mangle', 'security'], hooks: null },
};

const ofMatches: Readonly<Record<string, Placement>> = {
  owner: { tables: null, hooks: ['OUTPUT', 'POSTROUTING'] },
  mac: { tables: null, hooks: ['PREROUTING', 'INPUT', 'FORWARD'] },
  rpfilter: { tables: ['raw', 'mangle'], hooks: ['PREROUTING'] },
  socket: { tables: null, hooks: ['PREROUTING', 'INPUT'] },
};

/** All that a rule's parts ask of its place. */
export function placements(parts: RuleParts, family: Family, backend: 'nft' | 'legacy'): readonly Placement[] {
  const found: Placement[] = [];
  const use = parts.target.kind === 'extension' ? parts.target.use : null;
  if (use !== null) {
    const one = Object.hasOwn(ofTargets, use.name) ? ofTargets[use.name] : undefined;
    if (one !== undefined) found.push(one);
    // nft translates TRACE into a statement of its own, which may stand anywhere.
    if (use.name === 'TRACE' && backend === 'legacy') found.push({ tables: ['raw'], hooks: null });
    if (use.name === 'TCPMSS' && use.given.some((given) => given.name === '--clamp-mss-to-pmtu'))
      found.push({ tables: null, hooks: leaving });
    if (use.name === 'REJECT' && use.given.some((given) => given.values[0] === 'tcp-reset') && ruleProtocol(parts).proto !== TCP)
      found.push({ tables: [], hooks: null });
  }
  for (const match of parts.matches) {
    const one = Object.hasOwn(ofMatches, match.name) ? ofMatches[match.name] : undefined;
    // The IPv6 rpfilter and the mac match have the same limits as those of IPv4.
    if (one !== undefined) found.push(one);
    if (match.name === 'addrtype' && family === 4) found.push(...addressTypeLimits(match.given.map((given) => given.name)));
    if (match.name === 'policy') {
      const direction = match.given.find((given) => given.name === '--dir')?.values[0];
      if (direction === 'in') found.push({ tables: null, hooks: ['PREROUTING', 'INPUT', 'FORWARD'] });
      if (direction === 'out') found.push({ tables: null, hooks: leaving });
    }
  }
  return found;
}

function addressTypeLimits(names: readonly string[]): readonly Placement[] {
  if (names.includes('--limit-iface-in')) return [{ tables: null, hooks: ['PREROUTING', 'INPUT', 'FORWARD'] }];
  return names.includes('--limit-iface-out') ? [{ tables: null, hooks: leaving }] : [];
}
