import type { Check } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { lostAnswers } from '../lost-answers.ts';
import { lostLoopback } from '../lost-loopback.ts';
import { ipv6Off } from '../surroundings.ts';

const accepted = ['-A INPUT -i lo -j ACCEPT', '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'];

/** As FW-BASE-04 and FW-BASE-05, for IPv6: ::1 to itself, and answers to what OUTPUT lets out. Not asked where IPv6 is off. */
export const fwV602: Check = {
  id: 'FW-V6-02',
  title: 'over IPv6 the host talks to itself and hears answers',
  severity: 'high',
  kinds: ['S'],
  refs: ['CIS Debian 12 v1.1.0 4.4.3.2', 'CIS Debian 12 v1.1.0 4.4.3.3'],
  why: 'Programs try IPv6 first: what they send to ::1 or to the world and never hear back makes each connection wait before it falls back.',
  fix: 'Give ip6tables the same first rules: the loopback link, then connections that exist.',
  run(subject) {
    if (ipv6Off(subject.host)) return { findings: [], unknown: [] };
    const answers = [lostLoopback(subject, 6, fwV602), lostAnswers(subject, 6, fwV602)];
    const unknown = answers.flatMap((answer) => answer.unknown);
    return {
      findings: answers.flatMap(({ findings }) => findings),
      unknown: [...new Map(unknown.map((one) => [one.why, one])).values()],
    };
  },
  examples: [
    { title: 'nothing at all', v6: empty, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'closed, and nothing accepted', v4: guide, v6: filter([]), finds: ['high 6', 'high 6'] },
    { title: 'the loopback alone', v6: filter(accepted.slice(0, 1)), finds: ['high 6'] },
    { title: 'answers alone', v6: filter(accepted.slice(1)), finds: ['high 6'] },
    { title: 'both', v6: filter(accepted), finds: [] },
    {
      title: 'IPv6 is off',
      v6: filter([]),
      facts: {
        ...oneLink,
        addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
        sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' },
      },
      finds: [],
    },
    { title: 'rules that were not read', v4: guide, v6: null, finds: [], unknown: 1 },
  ],
};
