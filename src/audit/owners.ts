/**
 * Programs that write chains by templates, by the names of those chains. What stands in them for the sake of other hosts, or for
 * rules that somebody may add, nobody here wrote: that some of it never matches is no mistake of the administrator's.
 */
const templates: readonly { readonly owner: string; readonly chains: RegExp }[] = [
  { owner: 'Docker', chains: /^DOCKER(?!-USER$)/ },
  { owner: 'Kubernetes', chains: /^(KUBE-|CILIUM_|FLANNEL-|WEAVE-|cali[-:]|CNI-|KUBE_)/ },
  { owner: 'Podman', chains: /^NETAVARK/ },
  // What its user says stands in ufw-user-… and ufw-before-…
  { owner: 'ufw', chains: /^ufw6?-(?!user-(?:input|output|forward)$|before-|after-(?:input|output|forward)$)/ },
  { owner: 'ufw', chains: /^ufw6?-\w+-logging-/ },
  {
    owner: 'firewalld',
    chains:
      /^(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING)_(direct|ZONES|ZONES_SOURCE|IN_ZONES|OUT_ZONES|POLICIES_pre|POLICIES_post)/,
  },
  // Chains of each zone that only lead on to those with rules.
  { owner: 'firewalld', chains: /^(IN|FWDI|FWDO|FWD|PRE|POST|OUT)_[^_]+(_(pre|post|log))?$/ },
  { owner: 'libvirt', chains: /^LIBVIRT_/ },
  { owner: 'fail2ban', chains: /^(f2b|fail2ban)-/ },
  { owner: 'CrowdSec', chains: /^CROWDSEC/ },
  { owner: 'sshguard', chains: /^sshguard$/ },
  { owner: 'sshuttle', chains: /^sshuttle-/ },
  { owner: 'OpenStack', chains: /^neutron-/ },
  { owner: 'Tailscale', chains: /^ts-(input|forward|postrouting)$/ },
  { owner: 'NetworkManager', chains: /^sh-(fw|in|po|nat)-/ },
  // Actions and tables of its own, which it writes whether they are called or not.
  { owner: 'Shorewall', chains: /^(shorewall|reject|logdrop|logreject|dynamic|smurfs|smurflog|tcpflags|logflags|AllowICMPs|Broadcast|Multicast|Drop|Reject|%|~|@)/ },
  { owner: 'Shorewall', chains: /^\S+_(iop|fop|oop|masq|dnat|ctrk)$/ },
  { owner: 'FireHOL', chains: /^(ACC_LIM_|BLACKLIST|UNMATCHED|FIREHOL|PROHIBIT$|RESET$|RELATED)/ },
  { owner: 'arno-iptables-firewall', chains: /^(HOST_BLOCK|EXT_|INT_|DMZ_|INET_|LAN_|VALID_CHK|SPOOF_CHK|RESERVED_NET_CHK|BASE_|POST_|POST_INPUT|FORWARD_CHAIN|INPUT_CHAIN|OUTPUT_CHAIN)/ },
]; // biome-ignore format: one owner a line

/** The program by whose template a chain was made; `null` for chains that people wrote, or that hold what they said. */
export function templateOf(chain: string): string | null {
  return templates.find(({ chains }) => chains.test(chain))?.owner ?? null;
}

/** The same, and chains that a program fills itself, from what it ships or is told: nobody edits their rules, or could comment them. */
export function isShipped(chain: string): boolean {
  return (
    templateOf(chain) !== null || /^ufw6?-(before|after)-|^(IN|FWD[IO]?|PRE|POST|OUT)_.+_(pre|log|deny|allow|post)$/.test(chain)
  );
}
