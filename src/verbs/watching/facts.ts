import { readFileSync } from 'node:fs';
import type { Host } from '../../model/host/index.ts';
import { bitsOf, formatAddress, formatPrefix, parseAddress } from '../../model/net/index.ts';
import { lineText, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import { knownRulesets } from '../rulesets.ts';
import type { Facts } from './told.ts';

/** What a host's reading tells whoever watches it. */
export function factsOf(host: Host): Facts {
  const { addresses, links, routes } = host;
  const loopback = links.known ? new Set(links.value.filter((link) => link.loopback).map(({ name }) => name)) : new Set(['lo']);
  const outside = routes.known
    ? routes.value.flatMap(({ type, prefix, link }) => (type === 'unicast' && prefix.length === 0 && link !== null ? [link] : []))
    : null;
  return {
    own: addresses.known ? [...new Set(addresses.value.map(({ prefix }) => formatAddress(prefix)))] : null,
    connected: addresses.known
      ? addresses.value
          .filter(({ link, prefix }) => !loopback.has(link) && prefix.length < bitsOf(prefix.family))
          .map(({ prefix, link }) => ({ network: formatPrefix(prefix), link }))
      : [],
    answering: resolvers(),
    // Without a way out, all links lead to where packets come from.
    outside: outside === null || outside.length === 0 ? null : [...new Set(outside)],
    ...countsOf(host),
  };
}

/** Whether a rule logs anything at all; unknown where the rules are. */
export function loggingOf(host: Host): 'some' | 'none' | 'unknown' {
  const { logged } = countsOf(host);
  if (logged !== null) return 'some';
  return host.rulesets[4].known && host.rulesets[6].known ? 'none' : 'unknown';
}

/** Packets that rules with LOG or NFLOG have met, and those that rules and policies dropped or rejected. */
function countsOf(host: Host): Pick<Facts, 'logged' | 'dropped' | 'nflogGroups'> {
  const rulesets = knownRulesets(host);
  if (rulesets.length === 0) return { logged: null, dropped: null, nflogGroups: [] };
  const counts = rulesets.map(countsIn);
  const logging = counts.flatMap(({ logged }) => (logged === null ? [] : [logged]));
  const sum = (numbers: readonly bigint[]): number => Number(numbers.reduce((all, one) => all + one, 0n));
  return {
    logged: logging.length === 0 ? null : sum(logging),
    dropped: sum(counts.map(({ dropped }) => dropped)),
    nflogGroups: [...new Set(counts.flatMap(({ groups }) => groups))].sort((a, b) => a - b),
  };
}

interface Counts {
  readonly logged: bigint | null;
  readonly dropped: bigint;
  readonly groups: readonly number[];
}

const counted = new WeakMap<Ruleset, Counts>();

function countsIn(ruleset: Ruleset): Counts {
  const found = counted.get(ruleset);
  if (found !== undefined) return found;
  let logged: bigint | null = null;
  let dropped = 0n;
  const groups: number[] = [];
  for (const table of ruleset.tables) {
    for (const chain of table.chains.values()) {
      if (chain.policy === 'DROP') dropped += chain.counters?.packets ?? 0n;
    }
    for (const rule of table.rules) {
      const packets = rule.counters?.packets ?? 0n;
      const { effect } = ruleMeaning(ruleset, rule);
      if (effect.kind === 'log') {
        logged = (logged ?? 0n) + packets;
        if (effect.by === 'NFLOG') groups.push(groupOf(lineText(ruleset, rule)));
      } else if (effect.kind === 'verdict' && (effect.verdict === 'DROP' || effect.verdict === 'REJECT')) dropped += packets;
    }
  }
  const counts = { logged, dropped, groups };
  counted.set(ruleset, counts);
  return counts;
}

/** Left out, it is 0 (iptables-extensions(8)). */
function groupOf(line: string): number {
  return Number(/ --nflog-group (\d+)/.exec(line)?.[1] ?? 0);
}

/** Of resolv.conf(5). */
function resolvers(): readonly string[] {
  let text: string;
  try {
    text = readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    // A machine need not have one.
    return [];
  }
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].flatMap(([, word = '']) =>
    parseAddress(word) === undefined ? [] : [word],
  );
}
