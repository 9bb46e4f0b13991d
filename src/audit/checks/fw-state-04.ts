import { known } from '../../model/host/index.ts';
import { tcpFlags } from '../../model/packet/index.ts';
import { allowing, deciders, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { eachFamily } from '../families.ts';
import { strayLetIn } from '../strays.ts';
import { sysctl } from '../surroundings.ts';

const loose = 'net.netfilter.nf_conntrack_tcp_loose';

/**
 * A TCP packet with ACK and without SYN that belongs to no connection is NEW as long as nf_conntrack_tcp_loose is 1, as the kernel
 * has it by itself: to drop INVALID does not stop a scan by ACK. Where that setting is known to be 0 the packet is INVALID; where it was
 * not read the finding is possible only.
 */
export const fwState04: Check = {
  id: 'FW-STATE-04',
  title: 'TCP connections begin with a SYN',
  severity: 'low',
  kinds: ['S', 'H'],
  refs: ['Linux nf_conntrack-sysctl, nf_conntrack_tcp_loose'],
  why: 'Without a SYN no connection begins; such packets map a host past rules that count or log new connections.',
  fix: 'Drop new TCP packets that are no SYN, before the rules that accept ports.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide', v4: guide, facts: { ...oneLink, sysctls: { [loose]: '1' } }, finds: ['low 4'] },
    { title: 'a setting that nobody read is what the kernel begins with', v4: guide, finds: ['low 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'to drop INVALID is not enough',
      v4: filter(['-A INPUT -m conntrack --ctstate INVALID -j DROP', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      finds: ['low 4'],
    },
    {
      title: 'unless tracking is strict',
      v4: filter(['-A INPUT -m conntrack --ctstate INVALID -j DROP', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      facts: { ...oneLink, sysctls: { [loose]: '0' } },
      finds: [],
    },
    {
      title: 'only a SYN is accepted',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT',
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
      ]),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  return eachFamily(
    fwState04,
    subject,
    ({ family, alone }) => {
      if (sysctl(host, loose) === '0') return known([]);
      const shown = subject.ask(family, (engine) => strayLetIn(subject, engine, { state: 'NEW', flags: tcpFlags.ACK }));
      if (!shown.known) return shown;
      const witness = shown.value;
      if (witness === null) return known([]);
      const at = deciders([witness], allowing);
      const first = at.find(({ chain }) => chain === 'INPUT')?.rule;
      const setting =
        sysctl(host, loose) === '1' ? `${loose} is 1` : `${loose} was not read, and is 1 unless somebody changes it`;
      return known([
        {
          id: fwState04.id,
          severity: 'low',
          certainty: alone && witness.trace.verdict === 'ACCEPT' && sysctl(host, loose) === '1' ? 'certain' : 'possible',
          title: `New IPv${family} TCP packets without SYN are let in`,
          why: `A TCP packet with ACK alone to port ${witness.packet.dport}, of no connection, counts as NEW (${setting}) and is accepted by ${sayList(at.map((ref) => sayRef(host, ref)))}. The answer tells a scanner that the port is not filtered.`,
          family,
          at,
          causedBy: [],
          witness,
          fix: `Drop new TCP packets that are no SYN, behind the rule for running connections. Connections that began before tracking did would be cut: when none was tracked so far, wait or let your own through first.\n${toolOf(family)} -I INPUT ${typeof first === 'number' ? first : 1} -p tcp ! --syn -m conntrack --ctstate NEW -j DROP`,
          refs: fwState04.refs,
        },
      ]);
    },
    ['input'],
  );
}
