import { known } from '../../model/host/index.ts';
import { tcpFlags } from '../../model/packet/index.ts';
import { allowing, deciders, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import { strayLetIn } from '../strays.ts';

/**
 * A TCP answer to nothing (SYN and ACK of a connection that nobody opened) is INVALID for connection tracking. A rule that accepts a
 * port whatever the state lets it in. What only a policy accepts is not said here: everything is open then.
 */
export const fwState03: Check = {
  id: 'FW-STATE-03',
  title: 'packets that belong to no connection are dropped before ports are opened',
  severity: 'low',
  kinds: ['S'],
  refs: ['NIST 800-41r1 2.1.2'],
  why: 'What fits no connection is a stray or a probe; the answers to probes tell which ports are open and which system answers.',
  fix: 'Drop INVALID before the rules that accept ports.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide opens ports whatever the state', v4: guide, finds: ['low 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'only NEW ones are let in',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT']),
      finds: [],
    },
    {
      title: 'dropped too late',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT', '-A INPUT -m conntrack --ctstate INVALID -j DROP']),
      finds: ['low 4'],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachFamily(
    fwState03,
    subject,
    ({ family, alone }) => {
      const shown = subject.ask(family, (engine) =>
        strayLetIn(subject, engine, { state: 'INVALID', flags: tcpFlags.SYN | tcpFlags.ACK }),
      );
      if (!shown.known) return shown;
      const witness = shown.value;
      if (witness === null) return known([]);
      const at = deciders([witness], allowing);
      const first = at.find(({ chain }) => chain === 'INPUT')?.rule;
      return known([
        {
          id: fwState03.id,
          severity: 'low',
          certainty: alone && witness.trace.verdict === 'ACCEPT' ? 'certain' : 'possible',
          title: `INVALID IPv${family} packets are let in`,
          why: `A TCP answer to port ${witness.packet.dport} that nobody asked for is accepted by ${sayList(at.map((ref) => sayRef(subject.host, ref)))}: no rule before it drops what fits no connection.`,
          family,
          at,
          causedBy: [],
          witness,
          fix: `Drop what fits no connection, behind the rule for running ones if there is one.\n${toolOf(family)} -I INPUT ${typeof first === 'number' ? first : 1} -m conntrack --ctstate INVALID -j DROP`,
          refs: fwState03.refs,
        },
      ]);
    },
    ['input'],
  );
}
