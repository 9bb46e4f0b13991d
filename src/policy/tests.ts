import { witnessOf } from '../analysis/answers/index.ts';
import { withoutMatches } from '../analysis/answers/open-matches.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { type Node, none } from '../analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../analysis/symbolic/index.ts';
import { type Host, type Known, known } from '../model/host/index.ts';
import { bogons, type Family, ICMP, ICMPV6, TCP } from '../model/net/index.ts';
import { allOf, anyOf, type Constraint, type Hook, not, type Packet, states, tcpFlags } from '../model/packet/index.ts';
import { constraintOf } from './meaning.ts';
import type { Policy, Test, Way } from './policy.ts';

/** What came of one line under `tests:`. */
export interface TestResult {
  readonly test: Test;
  readonly holds: boolean;
  /** Of one that fails a packet that shows it; of one that holds a packet that it speaks of. `null`: it speaks of none. */
  readonly packet: Packet | null;
}

const hooks: Readonly<Record<Way, Hook>> = { incoming: 'input', forwarded: 'forward', outgoing: 'output' };

/**
 * Asks a firewall what a policy's tests want to know, for every new connection over a link that each speaks of: `can` wants all of
 * them let through while limits are not reached, `cannot` none of them, whatever limits say.
 *
 * @throws OverBudget
 */
export function runTests(policy: Policy, host: Host): Known<readonly TestResult[]> {
  if (policy.tests.length === 0) return known([]);
  const families: { readonly family: Family; readonly space: Space; readonly firewall: Firewall }[] = [];
  for (const family of [4, 6] as const) {
    const ruleset = host.rulesets[family];
    if (!ruleset.known) return ruleset;
    const apart = policy.tests.map((test) => asked(test, policy, family));
    const space = createSpace(family, [{ ruleset: ruleset.value, surroundings: surroundingsOf(host), apart }]);
    const [firewall] = space.firewalls;
    if (firewall !== undefined) families.push({ family, space, firewall });
  }
  return known(
    policy.tests.map((test): TestResult => {
      let shown: Packet | null = null;
      for (const { family, space, firewall } of families) {
        const { diagram } = space;
        const hook = hooks[test.way];
        const place = { tracked: true, scope: '' };
        const set = diagram.mask(firewall.possible(hook), firewall.matching.set(asked(test, policy, family), place));
        const accepted = acceptedBy(space, firewall, hook);
        const wrong = test.can ? diagram.without(set, accepted) : diagram.mask(set, accepted);
        if (wrong !== none) return { test, holds: false, packet: witnessOf(space, firewall, hook, wrong)?.packet ?? null };
        if (set !== none) shown ??= witnessOf(space, firewall, hook, set)?.packet ?? null;
      }
      // A test that speaks of no packet at all tests nothing.
      return { test, holds: shown !== null, packet: shown };
    }),
  );
}

/** Packets that are accepted with some answers of what no field tells. */
function acceptedBy(space: Space, firewall: Firewall, hook: Hook): Node {
  const { diagram } = space;
  const accepts = diagram.where(firewall.way(hook).verdicts, (value) => {
    const end = value === 0 ? null : space.endings.of(value);
    return end === null || (end.kind === 'decided' && end.decision.verdict === 'ACCEPT');
  });
  const { f } = withoutMatches(diagram, space.layout, accepts);
  return diagram.where(f, (value) => value !== 0);
}

/** First packets of the connections that a test speaks of. */
function asked(test: Test, policy: Policy, family: Family): Constraint {
  const first = allOf(constraintOf(test, family), firstPackets(family, hooks[test.way]));
  // Nobody is let in from where nobody can be.
  if (test.can && policy.protect.bogons !== null && (test.from === null || test.from.except))
    return allOf(first, not({ kind: 'address', field: 'src', ranges: bogons[family] }));
  return first;
}

/** First packets of new connections over a link, as those who mean no harm send them: a SYN alone, a ping. */
export function firstPackets(family: Family, hook: Hook): Constraint {
  const everyFlag = Object.values(tcpFlags).reduce((all, bit) => all | bit, 0);
  const lo: Constraint = { kind: 'interface', field: hook === 'output' ? 'out' : 'in', name: 'lo', prefix: false };
  const proto = (value: number): Constraint => ({ kind: 'number', field: 'proto', ranges: [[value, value]] });
  const fresh = states.indexOf('NEW');
  const ping = family === 4 ? 8 : 128;
  return allOf(
    not(lo),
    { kind: 'number', field: 'state', ranges: [[fresh, fresh]] },
    { kind: 'number', field: 'fragment', ranges: [[0, 0]] },
    anyOf(not(proto(TCP)), { kind: 'bits', field: 'flags', mask: everyFlag, value: tcpFlags.SYN }),
    anyOf(not(proto(family === 4 ? ICMP : ICMPV6)), { kind: 'number', field: 'icmpType', ranges: [[ping, ping]] }),
  );
}
