import { compareRulesets, type Difference } from '../analysis/answers/index.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { type Host, type Known, known, unknown } from '../model/host/index.ts';
import { canonicalText, parseRuleset, type Ruleset } from '../model/ruleset/index.ts';
import { sayPacket } from './probes.ts';

/** How two rulesets of one family differ in what they do. */
export interface Differing {
  /** A sentence about one packet, or about what is translated otherwise. */
  readonly example: string;
  /** Rules that other programs add when they start may be the whole difference. */
  readonly neighbours: boolean;
}

/** When each of the two holds: `now`, `after a boot`. */
export interface Words {
  readonly now: string;
  readonly other: string;
}

/**
 * Whether the rules of a file do the same to every packet as those in force: `null` if so. Spelling, counters, empty tables,
 * later fragments and chains that nothing leads to make no difference; what Docker, fail2ban and their like add by themselves is left out if that alone tells them apart.
 */
export function differing(host: Host, live: Ruleset, saved: Ruleset, words: Words): Known<Differing | null> {
  if (plainText(live, live) === plainText(saved, live)) return known(null);
  const [liveOwn, savedOwn] = [withoutNeighbours(live), withoutNeighbours(saved)];
  if (liveOwn !== null && savedOwn !== null && plainText(liveOwn, live) === plainText(savedOwn, live)) return known(null);
  const whole = compared(host, live, saved, words);
  if (!whole.known) return whole;
  if (whole.value === null) return known(null);
  if (liveOwn === null && savedOwn === null) return known({ example: whole.value, neighbours: false });
  const own = compared(host, liveOwn ?? live, savedOwn ?? saved, words);
  if (!own.known) return own;
  if (own.value === null) return known(null);
  return known({ example: own.value, neighbours: true });
}

function compared(host: Host, live: Ruleset, saved: Ruleset, words: Words): Known<string | null> {
  const surroundings = surroundingsOf(host);
  const { ways, rewrites } = compareRulesets(
    live.family,
    { ruleset: live, surroundings },
    { ruleset: saved, surroundings },
    { most: 1, fragments: false },
  );
  for (const way of ways) {
    if (way.kind === 'decided' && !way.equal) return known(example(way.differences[0], words));
  }
  const [first] = rewrites?.differences ?? [];
  if (first !== undefined) {
    const { table, chain, before, after } = first;
    return known(`${table} ${chain} changes packets otherwise: ${before} ${words.now}, ${after} ${words.other}.`);
  }
  const undecided = ways.find((way) => way.kind === 'undecided');
  if (undecided?.kind === 'undecided' || rewrites === null) {
    return unknown(
      `whether the rules ${words.other} do the same as those ${words.now} is undecided: ${undecided?.kind === 'undecided' ? undecided.why : 'what they translate needs more than the budget'}`,
      'compare them with palisade diff',
    );
  }
  return known(null);
}

function example(difference: Difference | undefined, { now, other }: Words): string {
  if (difference === undefined) return 'Some packets are treated differently.';
  const { before, after, witness } = difference;
  const what = witness === null ? 'a packet' : sayPacket(witness.packet);
  return `For example ${what} is ${said(before.verdict)} ${now} and ${said(after.verdict)} ${other}.`;
}

function said(verdict: string): string {
  const words: Readonly<Record<string, string>> = {
    ACCEPT: 'accepted',
    DROP: 'dropped',
    REJECT: 'rejected',
    'OTHER-WAY': 'sent elsewhere',
  };
  return words[verdict] ?? `given to ${verdict}`;
}

/** All rules and policies as the kernel prints them; tables that do nothing left out. */
function plainText(ruleset: Ruleset, like: Ruleset): string {
  const backend = like.writer?.backend ?? 'nft';
  const tables = ruleset.tables.flatMap((table) => {
    const chains = [...table.chains.values()].filter(({ rules, policy }) => rules.length > 0 || policy === 'DROP');
    if (chains.length === 0) return [];
    const lines = chains.map(({ name, policy, rules }) =>
      [`:${name} ${policy ?? '-'}`, ...rules.map((rule) => canonicalText(ruleset, rule, backend))].join('\n'),
    );
    return [`*${table.name}\n${lines.sort().join('\n')}`];
  });
  return tables.sort().join('\n');
}

/** Chains and links of programs that put their rules in by themselves. */
const theirs =
  '(?:DOCKER|f2b-|fail2ban|KUBE-|cali-|CNI-|LIBVIRT_|CROWDSEC|FLANNEL|NETAVARK|CILIUM_|WEAVE|ts-|sshguard)[\\w.:-]*|-[io] (?:docker|br-[0-9a-f]{12}|virbr|cni|flannel|podman|lxdbr|incusbr)[\\w.-]*';
const theirLine = new RegExp(
  `^(?::(?:${theirs}) |(?:\\[\\d+:\\d+\\] )?-A .*?(?<=[ ])(?:${theirs})(?: |$)|(?:\\[\\d+:\\d+\\] )?-A POSTROUTING -s \\S+ ! -o docker0 )`,
);

/** `null` where there is nothing of theirs. */
function withoutNeighbours(ruleset: Ruleset): Ruleset | null {
  const lines = ruleset.text.split('\n');
  const own = lines.filter((line) => !theirLine.test(line));
  if (own.length === lines.length) return null;
  const parsed = parseRuleset(own.join('\n'), { file: ruleset.file, family: ruleset.family });
  return parsed.ok ? parsed.value : null;
}
