import type { Host } from '../../model/host/index.ts';
import { formatPrefix } from '../../model/net/index.ts';
import { lineText, type Ruleset } from '../../model/ruleset/index.ts';
import { ownPrefix } from '../../policy/index.ts';
import { othersOn } from '../plan/others.ts';
import { foreignOf } from '../plan/planned.ts';
import { situationOf } from '../plan/situation.ts';

/**
 * What a plan was made from. While none of it is other, and what is ours stands as it was made, planning again would come to the same,
 * so that nothing has to be proved a second time.
 */
export interface Basis {
  /** Palisade's own: another one may compile otherwise. */
  readonly version: string;
  /** SHA-256 of the policy's text. */
  readonly policy: string;
  /** Where it stood: files that it names by half a path are beside it. */
  readonly folder: string;
  /** Files that it names, by whole path, with SHA-256 of each; `null` of one that could not be read. */
  readonly files: readonly { readonly path: string; readonly digest: string | null }[];
  /** Connected networks and present peers count: they are spared as bogons. */
  readonly spares: boolean;
  /** SHA-256 of {@link hostText}. */
  readonly host: string;
}

/**
 * Everything of a host, beside what is ours, that a plan looks at: the rules of others, without counters, its addresses, and what
 * else runs on it. `null` where some of it is unknown. Sets of others are not looked at.
 */
export function hostText(host: Host, spares: boolean): string | null {
  const [four, six] = [host.rulesets[4], host.rulesets[6]];
  if (!four.known || !six.known || !host.addresses.known || !host.sessions.known || !host.foreignChains.known) return null;
  const { foreignLinks, spared, sendsOn } = situationOf(host);
  const said = {
    rules: [four.value, six.value].map(linesOfOthers),
    addresses: host.addresses.value.map(({ link, prefix }) => `${link} ${formatPrefix(prefix)}`),
    native: host.foreignChains.value.map(({ family, table, chain }) => `${family} ${table} ${chain}`),
    others: othersOn(host).map(({ name }) => name),
    foreignLinks,
    spared: spares ? spared : null,
    sendsOn,
  };
  return JSON.stringify(said, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** Rules, chains and policies that are not ours, without counters. Policies of the table filter are always declared, and so are ours. */
export function linesOfOthers(ruleset: Ruleset): readonly string[] {
  return ruleset.tables.flatMap(({ name, chains }) =>
    [...chains.values()]
      .filter((chain) => !chain.name.startsWith(ownPrefix))
      .flatMap((chain) => [
        ...(chain.policy === null ? [`${name} :${chain.name}`] : []),
        ...(chain.policy === null || chain.policy === 'ACCEPT' || name === 'filter'
          ? []
          : [`${name} :${chain.name} ${chain.policy}`]),
        ...foreignOf(ruleset, chain).map((rule) => `${name} ${lineText(ruleset, rule)}`),
      ]),
  );
}
