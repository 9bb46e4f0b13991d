/**
 * Commands that are neither iptables nor ipset: which of them leave the firewall alone, and which may not.
 */

/** Programs of which iptables' name among the arguments means nothing: they print, look or move files. */
const harmless: ReadonlySet<string> = new Set([
  ...[
    'echo',
    'printf',
    'cat',
    'logger',
    'grep',
    'egrep',
    'sed',
    'awk',
    'which',
    'type',
    'whereis',
    'man',
    'head',
    'tail',
    'less',
  ],
  ...['apt', 'apt-get', 'aptitude', 'dpkg', 'yum', 'dnf', 'apk', 'pacman', 'zypper', 'update-alternatives', 'update-rc.d'],
  ...['cp', 'mv', 'rm', 'mkdir', 'touch', 'chmod', 'chown', 'ls', 'ln', 'test', '[', '[[', 'modprobe', 'insmod', 'lsmod'],
  ...['sysctl', 'cd', 'read', 'hash', 'nano', 'vi', 'vim', 'tee', 'diff', 'wc', 'sort', 'crontab'],
]);

/** They end well whatever the machine. */
const always: ReadonlySet<string> = new Set(['echo', 'printf', 'true', ':']);

/** Programs that write firewall rules by themselves. */
const writers =
  /^(?:nft|ufw|firewall-cmd|firewall-offline-cmd|ferm|shorewall6?|shorewall6?-lite|firehol|fireqos|csf|apf|fail2ban-client|iptables-apply|ip6tables-apply|arptables|ebtables|xtables-nft-multi|xtables-legacy-multi)$/;

/** Units and scripts whose start or stop changes the rules. */
const units =
  /\b(?:ip6?tables|netfilter-persistent|iptables-persistent|firewalld|ufw|nftables|shorewall6?|ferm|firehol|fail2ban|docker|libvirtd|networking)\b/;

/** A firewall's own program, by the word in which it stands, also inside the text for another shell. */
const mention = /(?:^|[\s;&|("'/])(?:ip6?tables(?:-(?:nft|legacy))?(?:-(?:restore|apply))?|ipset|nft)(?=$|[\s;&|)"'])/;

export type OtherCommand =
  | { readonly kind: 'harmless'; readonly succeeds: boolean | null }
  | { readonly kind: 'may-change'; readonly why: string };

/** Judges a command by its words, of which `unknown` says that not all are known. */
export function otherCommand(words: readonly string[], unknown: boolean): OtherCommand {
  const [first = '', ...rest] = words;
  const name = first.slice(first.lastIndexOf('/') + 1);
  if (writers.test(name)) return { kind: 'may-change', why: `${name} writes rules of its own` };
  if (always.has(name)) return { kind: 'harmless', succeeds: true };
  if (name === 'false') return { kind: 'harmless', succeeds: false };
  if (harmless.has(name)) return { kind: 'harmless', succeeds: null };
  const moves = rest.find((word) =>
    /^(?:start|restart|reload|stop|flush|reload-or-restart|force-reload|try-restart)$/.test(word),
  );
  if (
    moves !== undefined &&
    (/^(?:systemctl|service|rc-service|invoke-rc\.d|netfilter-persistent)$/.test(name) || first.includes('/init.d/'))
  ) {
    if (unknown || units.test(words.join(' '))) return { kind: 'may-change', why: `${name} ${moves} changes the rules` };
  }
  if (/^(?:systemctl|service|rc-service|chkconfig|rc-update|netfilter-persistent)$/.test(name))
    return { kind: 'harmless', succeeds: null };
  if (name === '.' || name === 'source')
    return { kind: 'may-change', why: `it runs ${rest[0] ?? 'another file'}, which was not read` };
  if (name === 'eval') return { kind: 'may-change', why: 'eval runs what only a shell can tell' };
  if (words.some((word) => mention.test(word))) return { kind: 'may-change', why: `${name} may run iptables` };
  return { kind: 'harmless', succeeds: null };
}
