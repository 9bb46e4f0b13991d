import type { Host } from '../../model/host/index.ts';
import type { Chain, Ruleset } from '../../model/ruleset/index.ts';

/** A program that keeps rules of its own beside those of a policy. */
export interface Other {
  readonly name: string;
  /** Links over which it forwards: what goes over them is its own, as iptables writes them. */
  readonly links: readonly string[];
  /** It rewrites the whole firewall: two masters of one house. `null`: it lives beside a policy. */
  readonly wayOut: string | null;
}

interface Kind extends Other {
  readonly chains: RegExp;
  /** Its jumps stand before all others and only take away. */
  readonly bans?: true;
}

const kinds: readonly Kind[] = [
  { name: 'Docker', chains: /^DOCKER/, links: ['docker+', 'br-+'], wayOut: null },
  { name: 'Kubernetes', chains: /^(KUBE-|cali-|CILIUM_|FLANNEL-|CNI-|WEAVE-)/, links: ['cni+', 'cali+', 'flannel+', 'cilium_+', 'weave+', 'kube+'], wayOut: null },
  { name: 'Podman', chains: /^NETAVARK/, links: ['podman+'], wayOut: null },
  { name: 'libvirt', chains: /^LIBVIRT_/, links: ['virbr+'], wayOut: null },
  { name: 'LXD', chains: /^(lxd_|incus_)/, links: ['lxdbr+', 'incusbr+', 'lxcbr+'], wayOut: null },
  { name: 'fail2ban', chains: /^(f2b|fail2ban)-/, links: [], wayOut: null, bans: true },
  { name: 'CrowdSec', chains: /^CROWDSEC/, links: [], wayOut: null, bans: true },
  { name: 'sshguard', chains: /^sshguard$/, links: [], wayOut: null, bans: true },
  {
    name: 'ufw',
    chains: /^ufw6?-/,
    links: [],
    wayOut: 'run `palisade adopt` to take its rules over, then `ufw disable`',
  },
  {
    name: 'firewalld',
    chains: /^(IN|FWDI|FWDO|FWD|PRE|POST|OUT|INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_(ZONES|public|direct|POLICIES_pre)/,
    links: [],
    wayOut: 'run `palisade adopt` to take its rules over, then `systemctl disable --now firewalld`',
  },
]; // biome-ignore format: one program a line

/** Programs whose chains stand in the host's rules. */
export function othersOn(host: Host): readonly Other[] {
  const names = ([4, 6] as const).flatMap((family) => {
    const ruleset = host.rulesets[family];
    return ruleset.known ? ruleset.value.tables.flatMap(({ chains }) => [...chains.keys()]) : [];
  });
  return kinds
    .filter(({ chains }) => names.some((name) => chains.test(name)))
    .map(({ name, links, wayOut }) => ({ name, links, wayOut }));
}

/** How many rules at the top of a built-in chain lead to programs that ban: a policy's own jump stands behind them. */
export function bansOnTop(
  ruleset: Ruleset,
  chain: Chain | undefined,
  targetOf: (ruleset: Ruleset, chain: Chain) => readonly (string | null)[],
): number {
  if (chain === undefined) return 0;
  const targets = targetOf(ruleset, chain);
  const first = targets.findIndex(
    (target) => target === null || !kinds.some(({ chains, bans }) => bans === true && chains.test(target)),
  );
  return first < 0 ? targets.length : first;
}
