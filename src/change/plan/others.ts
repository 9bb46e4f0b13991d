import type { Host } from '../../model/host/index.ts';
import { type Chain, meaningsOf, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';

/** A program that keeps rules of its own beside those of a policy. */
export interface Other {
  readonly name: string;
  /** Links over which it forwards, as iptables writes them: what goes over them is its own. */
  readonly links: readonly string[];
  /** It rewrites the whole firewall: two masters of one house. `null`: it lives beside a policy. */
  readonly wayOut: string | null;
}

interface Kind extends Other {
  readonly chains: RegExp;
  /** Sets that its rules ask. */
  readonly sets?: RegExp;
  /** Tables of nft that it makes. */
  readonly tables?: RegExp;
  /** Its chains only take away, and stand before all others. */
  readonly bans?: true;
}

const adopt = 'write a policy that says what its rules do';
const kinds: readonly Kind[] = [
  { name: 'Docker', chains: /^DOCKER/, links: ['docker+'], wayOut: null },
  { name: 'Kubernetes', chains: /^(KUBE-|cali-|CILIUM_|FLANNEL-|CNI-|WEAVE-)/, links: ['cni+', 'cali+', 'flannel+', 'cilium_+', 'weave+', 'kube+'], wayOut: null },
  { name: 'Podman', chains: /^NETAVARK/, links: ['podman+'], wayOut: null },
  { name: 'libvirt', chains: /^LIBVIRT_/, links: ['virbr+'], wayOut: null },
  { name: 'LXD', chains: /^(lxd_|incus_)/, links: ['lxdbr+', 'incusbr+', 'lxcbr+'], wayOut: null },
  { name: 'fail2ban', chains: /^(f2b|fail2ban)-/, sets: /^(f2b|fail2ban)-/, links: [], wayOut: null, bans: true },
  { name: 'CrowdSec', chains: /^CROWDSEC/, sets: /^crowdsec/, links: [], wayOut: null, bans: true },
  { name: 'sshguard', chains: /^sshguard$/, sets: /^sshguard/, links: [], wayOut: null, bans: true },
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
  return kinds.some((kind) => kind.wayOut === null && kind[what]?.test(name) === true);
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
  const tables = host.foreignChains.known ? host.foreignChains.value.map(({ table }) => table) : [];
  return kinds
    .filter(
      (kind) =>
        names.some((name) => kind.chains.test(name)) ||
        sets.some((name) => kind.sets?.test(name)) ||
        tables.some((name) => kind.tables?.test(name)),
    )
    .map(({ name, links, wayOut }) => ({
      name,
      wayOut,
      links: name === 'Docker' ? [...links, ...dockerBridges(host, rulesets)] : links,
    }));
}

/** Docker's bridges, by their pattern where no other link's name begins so, and else by name; and those that its rules speak of. */
function dockerBridges(host: Host, rulesets: readonly Ruleset[]): readonly string[] {
  const links = host.links.known ? host.links.value.map(({ name }) => name) : [];
  const bridges = links.filter((name) => name.startsWith('br-'));
  const own = bridges.every((name) => dockerBridge.test(name)) ? ['br-+'] : bridges.filter((name) => dockerBridge.test(name));
  const named = rulesets.flatMap((ruleset) =>
    ruleset.tables.flatMap(({ chains }) =>
      [...chains.values()].filter(({ name }) => name.startsWith('DOCKER')).flatMap((chain) => linksIn(ruleset, chain)),
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
      denies && meaning.uses.some(({ text }) => kinds.some(({ sets }) => sets?.test(/--match-set (\S+)/.exec(text)?.[1] ?? '')))
    );
  }).length;
}

function isBan(chain: string): boolean {
  return kinds.some(({ chains, bans }) => bans === true && chains.test(chain));
}
