import type { Host } from '../../model/host/index.ts';
import { type Family, prefixRange, type Ranges, ranges } from '../../model/net/index.ts';
import { meaningsOf } from '../../model/ruleset/index.ts';
import { ownPrefix, type Situation } from '../../policy/index.ts';
import { othersOn } from './others.ts';

/** What of a host a policy must leave alone. */
export function situationOf(host: Host): Situation {
  const spans = (family: Family): Ranges<bigint> => {
    const networks = host.addresses.known
      ? host.addresses.value.filter(({ prefix }) => prefix.family === family).map(({ prefix }) => prefixRange(prefix))
      : [];
    const peers = host.sessions.known
      ? host.sessions.value.filter(({ peer }) => peer.family === family).map(({ peer }) => [peer.value, peer.value] as const)
      : [];
    return ranges(...networks, ...peers);
  };
  return {
    foreignLinks: othersOn(host).flatMap(({ links }) => links),
    spared: { 4: spans(4), 6: spans(6) },
    sendsOn: ([4, 6] as const).some((family) => sendsOn(host, family)),
  };
}

/** Some rule that is neither ours nor Docker's gives packets another destination. */
function sendsOn(host: Host, family: Family): boolean {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return true;
  const meanings = meaningsOf(ruleset.value);
  return ruleset.value.tables.some(
    ({ name, rules }) =>
      name === 'nat' &&
      rules.some((rule) => {
        const effect = meanings.get(rule)?.effect;
        const translates = (effect?.kind === 'translate' && effect.end === 'dst') || effect?.kind === 'netmap';
        return translates && !rule.chain.startsWith(ownPrefix) && rule.chain !== 'DOCKER';
      }),
  );
}
