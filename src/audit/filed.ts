import type { Host } from '../model/host/index.ts';
import { canonicalText, readRule, ruleText, shownText } from '../model/ruleset/index.ts';
import { ruleAt } from './blame.ts';
import type { Finding, Located, Proof } from './finding.ts';

/** Hexadecimal SHA-256 of a text with one character a byte. Handed in, since pure folders compute none. */
export type Digest = (bytes: string) => string;

/** A finding as reports show it: with the words of its rules, and a name of its own that outlives line numbers. */
export interface Filed {
  readonly finding: Finding;
  /**
   * The same as long as check, family, chain and the rules' canonical words are the same, wherever they stand: 16 hexadecimal
   * digits. Findings that are alike in all of these are told apart by their order.
   */
  readonly fingerprint: string;
  readonly at: readonly Placed[];
  readonly causedBy: readonly Placed[];
  /** The ports that it is about, such as `22/tcp`; empty when it is about none, or about more than can be named. */
  readonly ports: readonly string[];
  /** What the kernel did with the witness; `null` where it was not asked. */
  readonly proof: Proof | null;
}

/** A rule or policy with its words as they stand; `null` when there is nothing that could be shown. */
export interface Placed extends Located {
  readonly text: string | null;
}

export function file(
  host: Host,
  findings: readonly Finding[],
  digest: Digest,
  proofs: ReadonlyMap<Finding, Proof>,
): readonly Filed[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const identity = identityOf(host, finding);
    const count = seen.get(identity) ?? 0;
    seen.set(identity, count + 1);
    const place = (of: Located): Placed => ({ ...of, text: wordsOf(host, of) });
    return {
      finding,
      fingerprint: digest(count === 0 ? identity : `${identity}\n${count}`).slice(0, 16),
      at: finding.at.map(place),
      causedBy: finding.causedBy.map(place),
      ports: finding.ports ?? portsNamed(host, finding),
      proof: proofs.get(finding) ?? null,
    };
  });
}

/** Everything that makes a finding what it is; the title where no rule does. */
function identityOf(host: Host, finding: Finding): string {
  const places = finding.at.map((at) => [at.family, at.table, at.chain, canonicalWords(host, at)].join(' '));
  const about = places.length > 0 ? [...places].sort() : [finding.title, ...(finding.ports ?? [])];
  return [finding.id, finding.family ?? '-', ...about].join('\n');
}

function canonicalWords(host: Host, place: Located): string {
  if (place.rule === 'policy') return 'policy';
  const fact = host.rulesets[place.family];
  const rule = ruleAt(host, place);
  // Always the same backend's spelling, so that a host that moves to the other keeps its fingerprints.
  return fact.known && rule !== null ? canonicalText(fact.value, rule, 'nft') : `rule ${place.rule}`;
}

function wordsOf(host: Host, place: Located): string | null {
  const fact = host.rulesets[place.family];
  if (!fact.known) return null;
  if (place.rule === 'policy') {
    const chain = fact.value.tables.find(({ name }) => name === place.table)?.chains.get(place.chain);
    return chain?.policy == null ? null : `-P ${place.chain} ${chain.policy}`;
  }
  const rule = ruleAt(host, place);
  return rule === null ? null : shownText(ruleText(fact.value, rule));
}

/** The destination ports that each of the finding's rules names; none when one of them names no port, or several. */
function portsNamed(host: Host, finding: Finding): readonly string[] {
  const found = finding.at.map((place) => {
    const fact = host.rulesets[place.family];
    const rule = ruleAt(host, place);
    if (!fact.known || rule === null) return null;
    const proto = readRule(fact.value, rule).conditions.find(({ kind, inverted }) => kind === 'proto' && !inverted)?.value;
    const port = /(?<!!) --dport (\d+)(?= |$)/.exec(canonicalText(fact.value, rule, 'nft'))?.[1];
    return proto === undefined || port === undefined ? null : `${port}/${proto.toLowerCase()}`;
  });
  return found.includes(null) ? [] : [...new Set(found.filter((port) => port !== null))];
}
