import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { type Answer, createAnswering, createSpace } from '../../src/analysis/symbolic/index.ts';
import type { Hook, Packet } from '../../src/model/packet/index.ts';
import type { Ruleset } from '../../src/model/ruleset/index.ts';
import type { Lab } from './lab.ts';
import { type MadeRuleset, ruleName } from './rulesets.ts';

/** What the packet-space engine says of a packet, beside what the kernel did with it. */
export interface EngineAnswer {
  /** For people: verdict and rule. */
  readonly says: string;
  /** It says one verdict; else only that the kernel's is among those it thinks possible can be seen. */
  readonly certain: boolean;
  readonly agrees: boolean;
}

/** Reports from behind filter, by way. */
const behindFilter: Readonly<Record<Hook, string>> = {
  input: 'security:INPUT:1',
  forward: 'security:FORWARD:1',
  output: 'security:OUTPUT:1',
};

/** Judges the engine by the reports that the kernel gave of a packet; one ruleset is one function of packets. */
export function engineOf(
  { host }: Lab,
  made: MadeRuleset,
  ruleset: Ruleset,
  instrumented: boolean,
): (packet: Packet, inKernel: readonly string[]) => EngineAnswer {
  const space = createSpace(made.family, [{ ruleset, surroundings: surroundingsOf(host) }]);
  const [firewall] = space.firewalls;
  if (firewall === undefined) throw new Error('a space of one firewall has none');
  const ways = new Map<Hook, (packet: Packet) => Answer>();
  return (packet, inKernel) => {
    let way = ways.get(packet.hook);
    if (way === undefined) {
      way = createAnswering(space, firewall.way(packet.hook));
      ways.set(packet.hook, way);
    }
    const { verdict, decision, sole, verdicts } = way(packet);
    const passed = inKernel.includes(behindFilter[packet.hook]);
    const by = decision?.by ?? null;
    const says = `${verdict} by ${by === null ? 'nobody' : ruleName(by)}`;
    if (verdict === 'UNDECIDED' || verdict === 'DEPENDS') {
      // A chain of POSTROUTING may drop what has passed.
      const agrees = verdict === 'UNDECIDED' || !passed || verdicts.has('ACCEPT') || by?.table === 'mangle';
      return { says, certain: false, agrees };
    }
    // What a later fragment holds where ports would be may decide which rule drops it.
    if (packet.fragment) return { says, certain: true, agrees: verdict !== 'ACCEPT' || passed };
    const rightly = verdict === 'ACCEPT' ? passed : by?.table === 'mangle' || !passed;
    // A policy reports nothing, rules of accepted packets need not be the last ones met, and which of two drops a packet may hang on
    // the address that nat has chosen.
    const reports = by !== null && sole && instrumented && made.kinds.has(ruleName(by));
    return { says, certain: true, agrees: rightly && (!reports || inKernel.includes(ruleName(by))) };
  };
}
