import type { Host } from '../../model/host/index.ts';
import type { Address } from '../../model/net/index.ts';
import type { FinalVerdict, Packet, RuleRef } from '../../model/packet/index.ts';
import { hasType, isLocal } from './addresstype.ts';
import { walksOf } from './endings.ts';
import type { BuiltinChain } from './hooks.ts';
import { surroundingsOf } from './surroundings.ts';
import { type Logged, walk } from './walk.ts';

/** One way on which a packet is logged, and what becomes of it there. */
export interface LoggedWay {
  readonly logged: Logged;
  readonly verdict: FinalVerdict;
  readonly decidedBy: RuleRef | null;
  /** The answers of matches that the packet alone does not decide, by their text. */
  readonly when: ReadonlyMap<string, boolean>;
}

/** Which rules log a packet, on one host. */
export interface Logging {
  /** Whether what arrives for an address is routed on; `null`: it cannot be told. */
  passesThrough(address: Address): boolean | null;
  /**
   * Every way on which some rule logs the packet in one of these chains with this prefix. `broken`: what had to be given up, as a sentence. `null`
   * when the ruleset of its family is unknown.
   */
  waysOf(
    packet: Packet,
    prefix: string,
    chains: ReadonlySet<BuiltinChain>,
  ): { readonly ways: readonly LoggedWay[]; readonly broken: string | null } | null;
}

/**
 * Whose line a logged packet is. Several rules may write the same prefix, and one may stand behind a match that only the running kernel
 * decides: the packet is followed on all its ways, and those are kept on which it is logged so. A prefix is compared as logs show it,
 * without blanks at its end, and as far as the kernel keeps it.
 */
export function createLogging(host: Host): Logging {
  const surroundings = surroundingsOf(host);
  return {
    passesThrough({ family, value }) {
      const isOwn = isLocal(family, value, surroundings);
      if (isOwn !== false) return isOwn === null ? null : false;
      const toMany = family === 4 ? hasType(4, ['BROADCAST', 'MULTICAST'], value, null, surroundings) : value >> 120n === 0xffn;
      return toMany === null ? null : !toMany;
    },
    waysOf(packet, prefix, chains) {
      const ruleset = host.rulesets[packet.family];
      if (!ruleset.known) return null;
      const seen: Logged[][] = [];
      const { walks, broken } = walksOf((script) => {
        const logs: Logged[] = [];
        seen.push(logs);
        return walk(packet, ruleset.value, surroundings, script, (log) => logs.push(log));
      });
      const ways = walks.flatMap(({ verdict, decidedBy, asked, broken: given }, index) => {
        // What becomes of it on a way that was given up nobody knows.
        if (given !== null) return [];
        const when = new Map(asked.map(({ question, answer }) => [question.text, answer]));
        return (seen[index] ?? [])
          .filter((logged) => logged.prefix.trimEnd() === prefix && chains.has(logged.chain))
          .map((logged): LoggedWay => ({ logged, verdict, decidedBy, when }));
      });
      return { ways, broken };
    },
  };
}
