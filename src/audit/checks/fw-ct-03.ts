import { sayList } from '../blame.ts';
import type { Check } from '../check.ts';
import { oneLink } from '../examples.ts';
import { fine, found, given, shellWord } from '../host-finding.ts';

const host = (automatic: string | null, ...helpers: readonly string[]): object => ({
  ...oneLink,
  helpers,
  sysctls: automatic === null ? {} : { 'net.netfilter.nf_conntrack_helper': automatic },
});

/**
 * The table also names helpers that are merely loaded. Those do nothing until a rule assigns them (Linux since 4.7, and always
 * since 6.0, where the setting is gone), and what such rules allow is judged with the rules.
 */
export const fwCt03: Check = {
  id: 'FW-CT-03',
  title: 'no helper of the connection table works by itself',
  severity: 'medium',
  kinds: ['H'],
  refs: ['netfilter.org: Secure use of iptables and connection tracking helpers'],
  why: 'A helper reads FTP, SIP or IRC and opens ports that it finds there. Applied to every connection, whoever writes such a text opens them.',
  fix: 'Set nf_conntrack_helper to 0 and assign helpers by -j CT --helper to the servers that need them.',
  run: ({ host }) =>
    given(fwCt03, [host.helpers], ({ automatic, present }) => {
      if (!automatic) return fine;
      return found(fwCt03, {
        title: `Helpers of the connection table apply to every connection${present.length > 0 ? `: ${sayList(present)}` : ''}`,
        why: 'Any connection to or from the port of a helper, whoever began it, can make the firewall expect, and let in as RELATED, another one.',
        fix: `Switch it off, and assign helpers where they are needed: iptables -t raw -A PREROUTING -p tcp -d SERVER --dport 21 -j CT --helper ftp.
sysctl -w net.netfilter.nf_conntrack_helper=0
printf '%s\\n' net.netfilter.nf_conntrack_helper=0 > /etc/sysctl.d/60-fw-ct-03.conf${present.map((name) => `\nmodprobe -r ${shellWord(`nf_conntrack_${name}`)}`).join('')}`,
      });
    }),
  examples: [
    { title: 'no helpers', facts: host('0'), finds: [] },
    { title: 'a kernel that has no such setting any more', facts: host(null, 'ftp'), finds: [] },
    { title: 'FTP and SIP everywhere', facts: host('1', 'ftp', 'sip'), finds: ['medium null'] },
    { title: 'loaded, for rules to assign', facts: host('0', 'ftp'), finds: [] },
    { title: 'helpers that were not read', finds: [], unknown: 1 },
  ],
};
