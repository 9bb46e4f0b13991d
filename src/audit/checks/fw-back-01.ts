import { acts, chainName, foreignChains, holdsRules, nativeUnread } from '../../analysis/answers/bystanders.ts';
import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import { sayList, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import type { Finding, Undetermined } from '../finding.ts';
import { standardsOf } from '../standards/index.ts';

const firewalld = {
  ...oneLink,
  foreignChains: [
    {
      family: 'inet',
      table: 'firewalld',
      chain: 'filter_INPUT',
      type: 'filter',
      hook: 'input',
      priority: 10,
      policy: 'accept',
      rules: 9,
    },
    {
      family: 'inet',
      table: 'firewalld',
      chain: 'nat_POSTROUTING',
      type: 'nat',
      hook: 'postrouting',
      priority: 110,
      policy: 'accept',
      rules: 2,
    },
  ],
};

/**
 * Every packet passes the rules of both backends and of all nftables tables; one look at `iptables-save` shows a part.
 * An nft base chain counts if iptables has rules on the same hook and it can change what becomes of a packet: a filter that is
 * not empty, or a translation before the decision. Source translation at the end of the way does not count.
 * Rules of nft inside the tables of iptables make the ruleset itself unknown; that they were not looked for is said here.
 */
export const fwBack01: Check = {
  id: 'FW-BACK-01',
  title: 'one place holds the rules: not both backends, and no nftables chains beside them',
  severity: 'high',
  kinds: ['H', 'S'],
  refs: standardsOf('FW-BACK-01'),
  why: 'A packet must pass all of them, but each tool shows and saves only its own. What you see is not what decides.',
  fix: 'Move all rules to one backend, then empty the other.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'one backend', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'firewalld alone', v4: empty, v6: empty, facts: firewalld, finds: [] },
    { title: 'firewalld beside the guide', v4: guide, v6: empty, facts: firewalld, finds: ['high 4'] },
    { title: 'firewalld beside both families', v4: hardened4, v6: hardened6, facts: firewalld, finds: ['high 4', 'high 6'] },
    {
      title: 'an nftables table that only masquerades',
      v4: guide,
      v6: hardened6,
      facts: { ...oneLink, foreignChains: firewalld.foreignChains.slice(1) },
      finds: [],
    },
    {
      title: 'nftables was not read',
      v4: guide,
      v6: hardened6,
      facts: { backend: 'nft', links: oneLink.links, addresses: oneLink.addresses },
      finds: [],
      unknown: 1,
    },
    { title: 'files do not say what the other backend holds', v4: guide, facts: {}, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  for (const family of [4, 6] as const) {
    const backends = host.backends[family];
    if (!backends.known) {
      const { why, remedy } = backends;
      if (!unknown.some((said) => said.why === why)) unknown.push({ id: fwBack01.id, why, remedy });
      continue;
    }
    const { nft, legacy } = backends.value;
    if (holdsRules(nft) && holdsRules(legacy)) findings.push(both(family, nft, legacy));
    const names = meddlers(host, family, [nft, legacy]);
    if (names.length > 0) findings.push(beside(family, names));
  }
  const used = [4, 6].some((family) => {
    const backends = host.backends[family as Family];
    return backends.known && (holdsRules(backends.value.nft) || holdsRules(backends.value.legacy));
  });
  for (const family of [4, 6] as const) {
    const native = nativeUnread(host, family);
    if (native !== null) unknown.push({ id: fwBack01.id, why: native.why, remedy: native.remedy });
  }
  if (!host.foreignChains.known && used) {
    unknown.push({ id: fwBack01.id, why: host.foreignChains.why, remedy: host.foreignChains.remedy });
  }
  return { findings, unknown };
}

/** nft base chains on a hook for which iptables holds rules of the family. */
function meddlers(host: Host, family: Family, rulesets: readonly (Ruleset | null)[]): readonly string[] {
  const hooks = new Set(rulesets.flatMap((ruleset) => (ruleset === null ? [] : usedHooks(ruleset))));
  if (hooks.size === 0) return [];
  return foreignChains(host, family)
    .filter((chain) => acts(chain) && !(chain.type === 'nat' && (chain.hook === 'postrouting' || chain.hook === 'input')))
    .filter(({ hook }) => hooks.has(hook) || hook === 'ingress' || hook === 'egress')
    .map(chainName);
}

/** nft's names of the hooks at which the ruleset has a rule or a denying policy; user chains count by their callers. */
function usedHooks(ruleset: Ruleset): readonly string[] {
  return ruleset.tables.flatMap((table) =>
    [...table.chains.values()]
      .filter(({ rules, policy }) => rules.length > 0 || policy === 'DROP')
      .map(({ name }) => name.toLowerCase()),
  );
}

function both(family: Family, nft: Ruleset | null, legacy: Ruleset | null): Finding {
  const count = (ruleset: Ruleset | null): number => ruleset?.tables.reduce((sum, table) => sum + table.rules.length, 0) ?? 0;
  const tool = toolOf(family);
  return {
    id: fwBack01.id,
    severity: 'high',
    certainty: 'certain',
    title: `IPv${family} rules are in both backends: ${count(nft)} in nft, ${count(legacy)} in legacy`,
    why: `A packet must be accepted by both, but ${tool}-save shows one of them. What a rule says there may not be what happens.`,
    family,
    at: [],
    causedBy: [],
    witness: null,
    fix: `Look at both, move what is needed to one, then empty the other (its policies first, so that nothing is cut off).
${tool}-nft-save
${tool}-legacy-save
${tool}-legacy -P INPUT ACCEPT
${tool}-legacy -P FORWARD ACCEPT
${tool}-legacy -P OUTPUT ACCEPT
${tool}-legacy -F`,
    refs: fwBack01.refs,
  };
}

function beside(family: Family, names: readonly string[]): Finding {
  return {
    id: fwBack01.id,
    severity: 'high',
    certainty: 'possible',
    title: `nftables chains stand beside the IPv${family} iptables rules: ${sayList(names.map((name) => name.replace(/ \(.*/, '')))}`,
    why: `Packets pass these too, and each may drop what iptables accepts: ${names.join('; ')}. ${toolOf(family)}-save neither shows nor saves them.`,
    family,
    at: [],
    causedBy: [],
    witness: null,
    fix: 'Let one tool own the firewall: either move these rules to iptables, or the iptables rules to that tool.\nnft list ruleset',
    refs: fwBack01.refs,
  };
}
