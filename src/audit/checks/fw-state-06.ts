import { known } from '../../model/host/index.ts';
import { tcpFlags } from '../../model/packet/index.ts';
import { allowing, deciders, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import { strayLetIn } from '../strays.ts';

const { FIN, SYN, RST, PSH, URG } = tcpFlags;

/** Combinations that no stack sends, as scanners call them. */
const combinations: readonly { readonly name: string; readonly flags: number }[] = [
  { name: 'none', flags: 0 },
  { name: 'SYN with FIN', flags: SYN | FIN },
  { name: 'SYN with RST', flags: SYN | RST },
  { name: 'FIN, PSH and URG', flags: FIN | PSH | URG },
];

/**
 * Flags that no TCP sends: none at all, SYN with FIN or RST, FIN with PSH and URG. Connection tracking finds each of them INVALID
 * (net/netfilter/nf_conntrack_proto_tcp.c, tcp_valid_flags), so that a rule which drops INVALID drops them too.
 */
export const fwState06: Check = {
  id: 'FW-STATE-06',
  title: 'TCP packets with impossible flags are not let in',
  severity: 'low',
  kinds: ['S'],
  refs: ['NIST 800-41r1 4.1'],
  why: 'Only scanners send them: how a host answers tells which ports are open and which system it is.',
  fix: 'Drop INVALID before the rules that accept ports.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide', v4: guide, finds: ['low 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'each dropped by a rule of its own',
      v4: filter([
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP',
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP',
        '-A INPUT -p tcp -m tcp --tcp-flags SYN,RST SYN,RST -j DROP',
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,ACK FIN -j DROP',
        '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
      ]),
      finds: [],
    },
    {
      title: 'one is forgotten',
      v4: filter([
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP',
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,ACK FIN -j DROP',
        '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP',
        '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
      ]),
      finds: ['low 4'],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachFamily(
    fwState06,
    subject,
    ({ family, alone }) => {
      const shown = subject.ask(family, (engine) =>
        combinations.flatMap(({ name, flags }) => {
          const witness = strayLetIn(subject, engine, { state: 'INVALID', flags });
          return witness === null ? [] : [{ name, witness }];
        }),
      );
      if (!shown.known) return shown;
      const [first] = shown.value;
      if (first === undefined) return known([]);
      const { witness } = first;
      const at = deciders(
        shown.value.map((one) => one.witness),
        allowing,
      );
      const before = at.find(({ chain }) => chain === 'INPUT')?.rule;
      const names = sayList(shown.value.map(({ name }) => name));
      return known([
        {
          id: fwState06.id,
          severity: 'low',
          certainty: alone && witness.trace.verdict === 'ACCEPT' ? 'certain' : 'possible',
          title: `IPv${family} TCP packets with impossible flags are let in`,
          why: `A TCP packet to port ${witness.packet.dport} is accepted by ${sayList(at.map((ref) => sayRef(subject.host, ref)))} with flags that no system sends: ${names}.`,
          family,
          at,
          causedBy: [],
          witness,
          fix: `Drop what fits no connection, behind the rule for running ones if there is one.\n${toolOf(family)} -I INPUT ${typeof before === 'number' ? before : 1} -m conntrack --ctstate INVALID -j DROP`,
          refs: fwState06.refs,
        },
      ]);
    },
    ['input'],
  );
}
