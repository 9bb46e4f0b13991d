import { sayList } from '../blame.ts';
import { filter, hardened4 } from '../examples.ts';
import type { Finding } from '../finding.ts';
import type { ScriptCheck, ScriptSubject } from './check.ts';
import { type Cut, cutOf } from './cut.ts';
import { guideScript, session } from './examples.ts';
import { sayCommand, sayWay, toScriptLine } from './saying.ts';
import { saySession } from './session.ts';
import { unclearTo, unwatchedBy } from './unclear.ts';

/**
 * Follows two packets of each management session, one in each direction, through the rules after every single command: as
 * ESTABLISHED where connection tracking knows the session, and where it does not as a packet that opens it anew in its middle,
 * as tracking does by default (nf_conntrack_tcp_loose). A session whose packets are dropped stalls, and goes on if a later
 * command lets them through before TCP gives up; one that is refused by a TCP reset is over.
 */
export const fwOps01: ScriptCheck = {
  id: 'FW-OPS-01',
  title: 'no command of the script cuts the session of whoever runs it',
  severity: 'critical',
  kinds: ['S', 'H'],
  refs: ['SSG set_iptables_default_rule (warning about being locked out)'],
  why: 'Whoever types the commands one by one over SSH is cut off before the rule that would let them in is typed.',
  fix: 'Load the whole change in one transaction with iptables-restore, or accept the session before anything is denied.',
  run,
  examples: [
    { title: 'the guide denies before it accepts', script: guideScript, finds: ['critical certain 2,5'] },
    {
      title: 'the same commands, the accept first',
      script: guideScript.replace(/(.*-P INPUT DROP\n)((?:.*\n)*?)(.*--dport 22 -j ACCEPT\n)/, '$3$1$2'),
      finds: [],
    },
    {
      title: 'somebody else alone is let in, so that nothing brings it back',
      script: 'iptables -P INPUT DROP\niptables -A INPUT -s 192.168.1.50 -p tcp --dport 22 -j ACCEPT\n',
      finds: ['critical certain 1'],
    },
    {
      title: 'the answers are cut, not what comes in',
      script: 'iptables -P OUTPUT DROP\niptables -A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n',
      finds: ['critical certain 1,2'],
    },
    {
      title: 'established connections are accepted first, and whatever the session sends',
      script:
        'iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT\niptables -A INPUT -p tcp --dport 22 -m state --state NEW -j ACCEPT\niptables -P INPUT DROP\n',
      finds: [],
    },
    {
      title: 'a session that was idle until connections were tracked is no established one',
      script: 'iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT\niptables -P INPUT DROP\n',
      finds: ['critical possible 2'],
    },
    {
      title: 'nor is its packet one that opens a connection',
      script: 'iptables -A INPUT -p tcp ! --syn -m state --state NEW -j DROP\n',
      finds: ['critical possible 1'],
    },
    {
      title: 'both directions are by then denied to what connection tracking does not know',
      script:
        'iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT\niptables -A OUTPUT -m state --state ESTABLISHED -j ACCEPT\niptables -P OUTPUT DROP\niptables -P INPUT DROP\n',
      finds: ['critical possible 4'],
    },
    {
      title: 'a flush under a policy that drops',
      v4: hardened4,
      script: 'iptables -F\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -P OUTPUT ACCEPT\n',
      finds: ['critical certain 1,3'],
    },
    {
      title: 'a reset is no stall',
      script: 'iptables -A INPUT -p tcp -j REJECT --reject-with tcp-reset\niptables -I INPUT -p tcp --dport 22 -j ACCEPT\n',
      finds: ['critical certain 1'],
    },
    {
      title: 'all in one transaction',
      script: `iptables-restore <<END\n${hardened4.replace(/^.*FIN,SYN,RST,ACK SYN.*\n/m, '')}END\n`,
      finds: [],
    },
    {
      title: 'a connection that tracking does not know goes on without SYN',
      script: `iptables-restore <<END\n${hardened4}END\n`,
      finds: ['critical possible 1'],
    },
    {
      title: 'an IPv6 session is not concerned by IPv4 rules',
      script: guideScript,
      facts: session('2001:db8::66', '2001:db8::10'),
      finds: [],
    },
    {
      title: 'nobody is known to be logged in, and nobody could stay so',
      script: 'iptables -P INPUT DROP\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\n',
      facts: { links: [{ name: 'eth0' }], addresses: [{ link: 'eth0', address: '198.51.100.10/24' }], sessions: [] },
      finds: ['critical possible 1,2'],
    },
    {
      title: 'a loop that nobody unrolls',
      script: 'for p in 22 80; do iptables -A INPUT -p tcp --dport $p -j ACCEPT; done\niptables -P INPUT DROP\n',
      finds: ['critical possible 2'],
      unknown: 1,
    },
    {
      title: 'more sessions than are followed',
      script: 'iptables -P FORWARD DROP\n',
      facts: {
        links: [{ name: 'eth0' }],
        addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
        sessions: Array.from({ length: 40 }, (_, host) => ({
          local: '198.51.100.10',
          peer: `203.0.113.${host + 1}`,
          peerPort: 51_234,
        })),
      },
      finds: [],
      unknown: 1,
    },
    {
      title: 'rules of nft that may rewrite the packets before',
      script: guideScript,
      facts: {
        ...session('203.0.113.66', '198.51.100.10'),
        foreignChains: [
          {
            ...{ family: 'inet', table: 'firewalld', chain: 'nat_PREROUTING', type: 'nat', hook: 'prerouting' },
            ...{ priority: -90, policy: 'accept', rules: 2 },
          },
        ],
      },
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, script: 'iptables -P INPUT DROP\n', finds: [], unknown: 1 },
    {
      title: 'rules that let the session in already',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']),
      script: 'iptables -A INPUT -p tcp --dport 80 -j ACCEPT\n',
      finds: [],
    },
  ],
};

function run(subject: ScriptSubject): ReturnType<ScriptCheck['run']> {
  const { sessions, timeline } = subject;
  if (!sessions.known) return { findings: [], unknown: [{ id: fwOps01.id, why: sessions.why, remedy: sessions.remedy }] };
  const unknown = new Map<string, { id: string; why: string; remedy: string }>();
  const cuts: Cut[] = [];
  for (const [index, session] of sessions.value.entries()) {
    const cut = cutOf(session, index, timeline.moments);
    if (cut !== null) cuts.push(cut);
    for (const { lives } of cut === null ? timeline.moments : []) {
      const running = lives[index]?.running;
      if (running?.kind === 'unknown') unknown.set(running.why, { id: fwOps01.id, why: running.why, remedy: running.remedy });
    }
  }
  const alike = Map.groupBy(cuts, ({ at, until, passing }) => `${at} ${until} ${passing.sure} ${passing.witness.packet.family}`);
  return {
    findings: [...alike.values()].map((some) => findingOf(subject, some)),
    unknown: [...unknown.values(), ...unwatchedBy(fwOps01.id, subject), ...unclearTo(fwOps01.id, subject)],
  };
}

function findingOf(subject: ScriptSubject, cuts: readonly Cut[]): Finding {
  const [{ at, passing, until, session }] = cuts as [Cut];
  const { witness, sure, resets } = passing;
  const who = sayList([...new Set(cuts.map((cut) => saySession(cut.session)))].slice(0, 5));
  const isCertain = sure && subject.isSettled(session) && session.actual && at < subject.doubtfulFrom;
  const command = sayCommand(subject, at);
  const verb = isCertain ? 'cuts' : 'may cut';
  const title =
    until === null
      ? `${command} ${verb} the session of ${who} for good`
      : `${command} ${verb} the session of ${who} until ${sayCommand(subject, until, 'short')}`;
  const inward = witness.packet.hook === 'input';
  const how = `${inward ? 'What comes from the peer' : 'What the host answers'} is then ${resets ? 'refused with a TCP reset' : 'dropped'} by ${sayWay(witness)}.`;
  const then = resets
    ? 'The connection ends at once, and no later command brings it back.'
    : until === null
      ? 'No later command lets it through again.'
      : 'Whoever types the commands one by one never gets to type that one; a script that goes on by itself lets it through again, unless it is ended by the stall.';
  const doubt = sure
    ? ''
    : 'It happens to a session that connection tracking does not know by then, as one that was idle since rules first asked for it.';
  const stand = session.actual ? '' : 'Nobody is known to be logged in by SSH; say --peer ADDRESS to name the peer.';
  return {
    id: fwOps01.id,
    severity: 'critical',
    certainty: isCertain ? 'certain' : 'possible',
    title,
    why: [how, then, doubt, stand].filter((sentence) => sentence !== '').join(' '),
    family: witness.packet.family,
    at: toScriptLine(witness, subject, at),
    causedBy: [],
    witness,
    fix: 'Load the whole change in one transaction instead, as it stands under the findings.',
    refs: fwOps01.refs,
  };
}
