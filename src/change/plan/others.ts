import type { Host } from '../../model/host/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import { type Chain, isBuiltin, lineText, meaningsOf, type Rule, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';

/** A program that keeps rules of its own beside those of a policy. */
export interface Other {
  readonly name: string;
  /** Links over which it forwards, as iptables writes them: what goes over them is its own. */
  readonly links: readonly string[];
  /** It rewrites the whole firewall: two masters of one house. `null`: it lives beside a policy. */
  readonly wayOut: string | null;
}

export interface Program extends Other {
  readonly chains: RegExp;
  /** Sets that its rules ask. */
  readonly sets?: RegExp;
  /** Tables of nft that it makes. */
  readonly tables?: RegExp;
  /** Tables of nft that it makes where it does not speak through iptables; they say nothing of whether it is on a host. */
  readonly nft?: RegExp;
  /** It has no chains: `chains` are links that rules of FORWARD name. */
  readonly byLink?: true;
  /** Its chains only take away, and stand before all others. */
  readonly bans?: true;
}

/** Chains of a connection that is shared, each with the name of its link. */
const sharedChain = /^nm-sh-(?:in|fw)-(.+)$/;

const adopt = 'let palisade adopt write a policy that says what its rules do';
/** All that are known, whether or not they are on a host. */
export const programs: readonly Program[] = [
  { name: 'Docker', chains: /^DOCKER/, sets: /^docker-ext-bridges-v[46]$/, nft: /^docker-/, links: ['docker+'], wayOut: null },
  { name: 'Kubernetes', chains: /^(KUBE-|cali-|CILIUM_|FLANNEL-|CNI-|WEAVE-)/, sets: /^(KUBE-|cali[46]0)/, nft: /^(kube-|cni_hostport$)/, links: ['cni+', 'cali+', 'flannel+', 'cilium_+', 'weave+', 'kube+'], wayOut: null },
  { name: 'Podman', chains: /^NETAVARK/, nft: /^netavark$/, links: ['podman+'], wayOut: null },
  { name: 'libvirt', chains: /^LIBVIRT_/, nft: /^libvirt_network$/, links: ['virbr+'], wayOut: null },
  { name: 'LXD', chains: /^(lxd_|incus_)/, nft: /^(lxd|incus|lxc)$/, links: ['lxdbr+', 'incusbr+', 'lxcbr+'], wayOut: null },
  { name: 'LXC', chains: /^lxcbr\d+$/, links: ['lxcbr+'], wayOut: null, byLink: true },
  { name: 'NetworkManager', chains: sharedChain, nft: /^nm-shared-/, links: [], wayOut: null },
  { name: 'OpenStack Neutron', chains: /^(neutron-|n\.py-)/, links: ['tap+', 'brq+', 'qvb+', 'qvo+', 'qr-+', 'qg-+'], wayOut: null },
  { name: 'Tailscale', chains: /^ts-(input|forward|postrouting)$/, links: [], wayOut: null },
  { name: 'fail2ban', chains: /^(f2b|fail2ban)-/, sets: /^(f2b|fail2ban)-/, nft: /^f2b-/, links: [], wayOut: null, bans: true },
  { name: 'CrowdSec', chains: /^CROWDSEC/, sets: /^crowdsec/, nft: /^crowdsec/, links: [], wayOut: null, bans: true },
  { name: 'sshguard', chains: /^sshguard$/, sets: /^sshguard/, nft: /^sshguard$/, links: [], wayOut: null, bans: true },
  { name: 'palisade ban', chains: /^PALISADE-(BAN|SHUT)$/, sets: /^PALISADE-(BAN|SHUT|NEVER|LIST)[46](-next)?$/, links: [], wayOut: null, bans: true },
  { name: 'ufw', chains: /^ufw6?-/, links: [], wayOut: `${adopt}, then run \`ufw disable\`` },
  {
    name: 'firewalld',
    chains: /^(IN|FWDI|FWDO|FWD|PRE|POST|OUT|INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_(ZONES|public|direct|POLICIES_pre)/,
    tables: /^firewalld$/,
    links: [],
    wayOut: `${adopt}, then run \`systemctl disable --now firewalld\``,
  },
]; // biome-ignore format: one program a line

/** Whether a program that lives beside a policy makes a chain or a set of this name by itself, each time it starts. */
export function isMadeElsewhere(what: 'chains' | 'sets', name: string): boolean {
  return programs.some((kind) => kind.wayOut === null && kind[what]?.test(name) === true);
}

/** Bridges that Docker names by the beginning of a network's id. */
const dockerBridge = /^br-[0-9a-f]{12}$/;

/** Programs whose chains, sets or tables stand in the host's firewall. */
export function othersOn(host: Host): readonly Other[] {
  const rulesets = ([4, 6] as const).flatMap((family) => {
    const ruleset = host.rulesets[family];
    return ruleset.known ? [ruleset.value] : [];
  });
  const names = rulesets.flatMap(({ tables }) => tables.flatMap(({ chains }) => [...chains.keys()]));
  const sets = rulesets.flatMap((ruleset) => setsAskedIn(ruleset));
  const forwarding = rulesets.flatMap((ruleset) =>
    ruleset.tables.flatMap(({ name, chains }) => {
      const chain = name === 'filter' ? chains.get('FORWARD') : undefined;
      return chain === undefined ? [] : linksIn(ruleset, chain);
    }),
  );
  const tables = host.foreignChains.known ? host.foreignChains.value.map(({ table }) => table) : [];
  return programs
    .filter(
      (kind) =>
        (kind.byLink === true ? forwarding : names).some((name) => kind.chains.test(name)) ||
        sets.some((name) => kind.sets?.test(name)) ||
        tables.some((name) => kind.tables?.test(name)),
    )
    .map(({ name, links, wayOut }) => ({
      name,
      wayOut,
      links: [
        ...links,
        ...(name === 'Docker' ? dockerBridges(host, rulesets) : []),
        ...(name === 'NetworkManager' ? new Set(names.flatMap((chain) => sharedChain.exec(chain)?.[1] ?? [])) : []),
      ],
    }));
}

/** Docker's bridges, by their pattern where no other link's name begins so, and else by name; and those that its rules speak of. */
function dockerBridges(host: Host, rulesets: readonly Ruleset[]): readonly string[] {
  const links = host.links.known ? host.links.value.map(({ name }) => name) : [];
  const bridges = links.filter((name) => name.startsWith('br-'));
  const own = bridges.every((name) => dockerBridge.test(name)) ? ['br-+'] : bridges.filter((name) => dockerBridge.test(name));
  const named = rulesets.flatMap((ruleset) =>
    ruleset.tables.flatMap(({ chains }) =>
      // DOCKER-USER is the administrator's: it speaks of whatever links he likes.
      [...chains.values()]
        .filter(({ name }) => name.startsWith('DOCKER') && name !== 'DOCKER-USER')
        .flatMap((chain) => linksIn(ruleset, chain)),
    ),
  );
  const others = named.filter((name) => !name.startsWith('docker') && !(own[0] === 'br-+' && name.startsWith('br-')));
  return [...new Set([...own, ...others])];
}

function linksIn(ruleset: Ruleset, chain: Chain): readonly string[] {
  return chain.rules.flatMap((rule) => {
    const { constraint } = ruleMeaning(ruleset, rule);
    const parts = constraint.kind === 'all' ? constraint.of : [constraint];
    return parts.flatMap((part) => (part.kind === 'interface' && !part.prefix && part.name !== '' ? [part.name] : []));
  });
}

function setsAskedIn(ruleset: Ruleset): readonly string[] {
  return [...ruleset.text.matchAll(/--match-set (\S+)/g)].map(([, name = '']) => name);
}

/** The chain of what `palisade open` lets in for a while: no part of a policy, and before it. Not with the prefix of what is one. */
export const openChain = 'PALISADE-OPEN';

/**
 * How many rules at the top of a built-in chain only take away, or are open for a while: denials, reports, jumps to those who ban and to
 * {@link openChain}. A policy's own jump stands behind them, so that whoever is banned stays so, and what is open too. `targets` leaves own jumps out.
 */
export function denialsOnTop(ruleset: Ruleset, rules: Chain['rules']): number {
  const meanings = meaningsOf(ruleset);
  const first = rules.findIndex((rule) => {
    const effect = meanings.get(rule)?.effect;
    if (effect?.kind === 'verdict') return effect.verdict !== 'DROP' && effect.verdict !== 'REJECT';
    if (effect?.kind === 'jump') return !isBan(effect.chain) && effect.chain !== openChain;
    return effect?.kind !== 'log' && effect?.kind !== 'continue';
  });
  return first < 0 ? rules.length : first;
}

/** Rules of those who ban that stand behind others which are not theirs: behind a policy they would ban nobody. */
export function bansBehind(ruleset: Ruleset, rules: Chain['rules']): number {
  const meanings = meaningsOf(ruleset);
  return rules.slice(denialsOnTop(ruleset, rules)).filter((rule) => {
    const meaning = meanings.get(rule);
    if (meaning?.effect.kind === 'jump') return isBan(meaning.effect.chain);
    const denies =
      meaning?.effect.kind === 'verdict' && (meaning.effect.verdict === 'DROP' || meaning.effect.verdict === 'REJECT');
    return (
      denies &&
      meaning.uses.some(({ text }) => programs.some(({ sets }) => sets?.test(/--match-set (\S+)/.exec(text)?.[1] ?? '')))
    );
  }).length;
}

/**
 * Rules of programs that live beside a policy: those of their chains, those that lead there or ask their sets, and those in built-in
 * chains about their links. They stay where they are.
 */
export function rulesOfOthers(host: Host, ruleset: Ruleset): ReadonlySet<Rule> {
  const beside = othersOn(host).filter(({ wayOut }) => wayOut === null);
  const own = programs.filter(({ name }) => beside.some((other) => other.name === name));
  const links = beside.flatMap((other) => other.links);
  const isChain = (name: string): boolean => own.some(({ chains }) => chains.test(name));
  const meanings = meaningsOf(ruleset);
  const found = new Set<Rule>();
  for (const table of ruleset.tables) {
    for (const rule of table.rules) {
      const meaning = meanings.get(rule);
      if (meaning === undefined) continue;
      const { effect, uses } = meaning;
      const asks = uses.some(({ text }) => own.some(({ sets }) => sets?.test(listIn(text)) === true));
      const leads = effect.kind === 'jump' && isChain(effect.chain);
      const speaks =
        isBuiltin(table.name, rule.chain) && (namesLink(meaning.constraint, links) || isHairpin(ruleset, rule, beside));
      if (isChain(rule.chain) || leads || asks || speaks) found.add(rule);
    }
  }
  return found;
}

/** The set, or the list of `recent`, that a match asks. */
function listIn(text: string): string {
  return /--(?:match-set|name) (\S+)/.exec(text)?.[1] ?? '';
}

function namesLink(constraint: Constraint, links: readonly string[]): boolean {
  if (constraint.kind === 'all' || constraint.kind === 'any') return constraint.of.some((part) => namesLink(part, links));
  if (constraint.kind === 'not') return namesLink(constraint.of, links);
  if (constraint.kind !== 'interface') return false;
  const said = `${constraint.name}${constraint.prefix ? '+' : ''}`;
  return links.some((link) => said === link || (link.endsWith('+') && constraint.name.startsWith(link.slice(0, -1))));
}

/** Docker lets a container reach itself by what it publishes, and names no link there. */
function isHairpin(ruleset: Ruleset, rule: Rule, beside: readonly Other[]): boolean {
  if (!beside.some(({ name }) => name === 'Docker')) return false;
  const [, from, to] = /^-A POSTROUTING -s (\S+) -d (\S+) .*-j MASQUERADE$/.exec(lineText(ruleset, rule)) ?? [];
  return from !== undefined && from === to;
}

function isBan(chain: string): boolean {
  return programs.some(({ chains, bans }) => bans === true && chains.test(chain));
}
