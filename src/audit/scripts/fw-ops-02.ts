import { sayList } from '../blame.ts';
import { filter, hardened4 } from '../examples.ts';
import type { Finding } from '../finding.ts';
import type { ScriptCheck, ScriptSubject } from './check.ts';
import { guideScript, session } from './examples.ts';
import { sayWay, toScriptLine } from './saying.ts';
import { type ManagementSession, saySession } from './session.ts';
import type { Life, Passing } from './timeline.ts';
import { unclearTo, unwatchedBy } from './unclear.ts';

/**
 * Asks the rules that the whole script leaves about a new connection of each peer to the port that it manages the host by, and
 * its answer, below all limits. Who is refused then cannot come back; whether the running one stays FW-OPS-01 says.
 */
export const fwOps02: ScriptCheck = {
  id: 'FW-OPS-02',
  title: 'what the script leaves lets in whoever manages the host',
  severity: 'critical',
  kinds: ['S', 'H'],
  refs: [],
  why: 'A host that lets its administrator in no longer has to be mended at its console.',
  fix: 'Accept the address of whoever manages the host before what denies.',
  run,
  examples: [
    { title: 'the guide lets everybody in', script: guideScript, finds: [] },
    {
      title: 'the guide as it is meant: one address alone',
      script: guideScript.replace(/.*--dport 22 -j ACCEPT\n/, ''),
      finds: ['critical certain 11'],
    },
    {
      title: 'the same for that address',
      script: guideScript.replace(/.*--dport 22 -j ACCEPT\n/, ''),
      facts: session('192.168.1.50', '198.51.100.10'),
      finds: [],
    },
    {
      title: 'the peer that was named, whoever else is logged in',
      script: 'iptables -A INPUT -s 203.0.113.66 -j ACCEPT\niptables -P INPUT DROP\n',
      peer: '203.0.113.67',
      finds: ['critical certain 2'],
    },
    { title: 'nothing but a policy', script: 'iptables -P INPUT DROP\n', finds: ['critical certain 1'] },
    {
      title: 'running sessions stay, new ones are refused',
      script: 'iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT\niptables -P INPUT DROP\n',
      finds: ['critical certain 2'],
    },
    { title: 'a hardened host limits how often, not who', script: `iptables-restore <<END\n${hardened4}END\n`, finds: [] },
    {
      title: 'a set that nobody knows',
      v4: filter(['-A INPUT -m set --match-set admins src -j ACCEPT']),
      script: 'iptables -P FORWARD DROP\n',
      finds: [],
      unknown: 1,
    },
    {
      title: 'nobody is logged in, and nobody could log in any more',
      script: 'iptables -P INPUT DROP\n',
      facts: { links: [{ name: 'eth0' }], addresses: [{ link: 'eth0', address: '198.51.100.10/24' }], sessions: [] },
      finds: ['critical possible 1'],
    },
    { title: 'rules that were not read', v4: null, script: 'iptables -P INPUT DROP\n', finds: [], unknown: 1 },
  ],
};

function run(subject: ScriptSubject): ReturnType<ScriptCheck['run']> {
  const { sessions, timeline } = subject;
  if (!sessions.known) return { findings: [], unknown: [{ id: fwOps02.id, why: sessions.why, remedy: sessions.remedy }] };
  const lives = timeline.moments.at(-1)?.lives ?? [];
  const refused: { session: ManagementSession; life: Life; passing: Extract<Passing, { kind: 'cut' }> }[] = [];
  const unknown = new Map<string, { id: string; why: string; remedy: string }>();
  for (const [index, session] of sessions.value.entries()) {
    const life = lives[index] as Life;
    if (life.fresh.kind === 'cut') refused.push({ session, life, passing: life.fresh });
    else if (life.fresh.kind === 'unknown')
      unknown.set(life.fresh.why, { id: fwOps02.id, why: life.fresh.why, remedy: life.fresh.remedy });
  }
  const alike = Map.groupBy(refused, ({ session: { actual }, passing: { witness, sure } }) => {
    const { decidedBy } = witness.trace;
    return [actual, sure, witness.packet.family, decidedBy?.table, decidedBy?.chain, decidedBy?.rule].join(' ');
  });
  const findings = [...alike.values()].map((some): Finding => {
    const [{ session, life, passing }] = some as [(typeof refused)[number]];
    const { witness, sure } = passing;
    const who = sayList([...new Set(some.map((one) => saySession(one.session)))].slice(0, 5));
    const last = timeline.moments.length - 1;
    const isCertain = sure && subject.isSettled(session) && session.actual && last < subject.doubtfulFrom;
    const stays = life.running.kind === 'cut' ? '' : ' The running session stays as long as it lasts.';
    const stand = session.actual ? '' : ' Nobody is known to be logged in by SSH; say --peer ADDRESS to name the peer.';
    const inward = witness.packet.hook === 'input' ? 'A new connection' : 'The answer to a new connection';
    return {
      id: fwOps02.id,
      severity: 'critical',
      certainty: isCertain ? 'certain' : 'possible',
      title: `The script ${isCertain ? 'leaves' : 'may leave'} ${who} locked out`,
      why: `${inward} is ${passing.resets ? 'refused' : 'dropped'} by ${sayWay(witness)} once the script is done.${stays}${stand}`,
      family: witness.packet.family,
      at: toScriptLine(witness, subject, last),
      causedBy: [],
      witness,
      fix: 'Accept the peer before that, as in the transaction that stands under the findings.',
      refs: fwOps02.refs,
    };
  });
  return { findings, unknown: [...unknown.values(), ...unwatchedBy(fwOps02.id, subject), ...unclearTo(fwOps02.id, subject)] };
}
