import { parseAddress, TCP, UDP } from '../../model/net/index.ts';
import type { Packet } from '../../model/packet/index.ts';
import { deciders, denying, sayList, sayRef } from '../blame.ts';
import { bystanders, rewritten } from '../bystanders.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, inverted } from '../examples.ts';
import type { Witness } from '../finding.ts';
import { denied, type Held, measure } from '../measure.ts';
import { icmpOf, opening, sayPacket, sayProtocol } from '../probes.ts';
import { standardsOf } from '../standards/index.ts';
import { loopbackOf } from '../surroundings.ts';
import type { Unread } from '../unread.ts';
import { type Vocabulary, vocabularyOf } from '../vocabulary.ts';

/** Parts of the port space looked at one by one. */
const portsTried = 64;

/**
 * New TCP, UDP and ping packets from 127.0.0.1 to itself, leaving and arriving on the loopback link. Denied for most ports
 * it is as severe as the table says; denied for single named ports only it is medium, since somebody named them.
 */
export const fwBase04: Check = {
  id: 'FW-BASE-04',
  title: 'the host can talk to itself over the IPv4 loopback',
  severity: 'high',
  kinds: ['S'],
  refs: standardsOf('FW-BASE-04'),
  why: 'Databases, resolvers, mail and monitoring on one host speak to each other by 127.0.0.1; without it they fail in ways that do not point at the firewall.',
  fix: 'Accept the loopback link first, in both directions.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, finds: [] },
    { title: 'the guide forgets it', v4: guide, finds: ['high 4'] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    { title: 'everything is accepted anyway', v4: inverted, finds: [] },
    { title: 'by address instead of link', v4: filter(['-A INPUT -s 127.0.0.0/8 -d 127.0.0.0/8 -j ACCEPT']), finds: [] },
    { title: 'arriving but not leaving', v4: filter(['-A INPUT -i lo -j ACCEPT'], { OUTPUT: 'DROP' }), finds: ['high 4'] },
    { title: 'too late', v4: filter(['-A INPUT -s 127.0.0.0/8 -j DROP', '-A INPUT -i lo -j ACCEPT']), finds: ['high 4'] },
    { title: 'TCP only', v4: filter(['-A INPUT -i lo -p tcp -j ACCEPT']), finds: ['high 4'] },
    {
      title: 'one port is denied before',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 3306 -j DROP', '-A INPUT -i lo -j ACCEPT']),
      finds: ['medium 4'],
    },
    {
      title: 'a limit stands before it',
      v4: filter(['-A INPUT -p tcp -m limit --limit 100/sec -j ACCEPT', '-A INPUT -p tcp -j DROP', '-A INPUT -i lo -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'a set that was not read stands before it',
      v4: filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -i lo -j ACCEPT']),
      finds: [],
      unknown: 1,
    },
    {
      title: 'a ban list stands before it',
      v4: filter([
        '-A INPUT -m recent --update --seconds 3600 --name banned --mask 255.255.255.255 --rsource -j DROP',
        '-A INPUT -i lo -j ACCEPT',
      ]),
      finds: [],
    },
    {
      title: 'a set that was not read stands behind a reverse path filter',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
${filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -i lo -j ACCEPT'])}`,
      finds: [],
      unknown: 1,
    },
    {
      title: 'a set that is not among those that were read stands before it',
      v4: filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -i lo -j ACCEPT']),
      sets: 'create other hash:ip family inet hashsize 1024 maxelem 65536\n',
      finds: [],
      unknown: 1,
    },
    {
      title: 'a limit drops it whatever an unread set says',
      v4: filter([
        '-A INPUT -p tcp -m limit --limit 100/sec -j ACCEPT',
        '-A INPUT -m set --match-set good src -j LOG',
        '-A INPUT -p tcp -j DROP',
        '-A INPUT -i lo -j ACCEPT',
      ]),
      finds: ['high 4'],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  const fact = host.rulesets[4];
  const blank = ({ why, remedy }: Unread): Answer => ({ findings: [], unknown: [{ id: fwBase04.id, why, remedy }] });
  if (!fact.known) return blank(fact);
  const vocabulary = vocabularyOf(host, fact.value);

  const faults: { readonly hook: 'input' | 'output'; readonly proto: number; readonly broad: boolean; readonly held: Held }[] =
    [];
  for (const hook of ['input', 'output'] as const) {
    const beside = bystanders(host, 4, hook);
    if (beside.kind === 'may-rewrite') return blank(rewritten(4, beside));
    for (const proto of [TCP, UDP, icmpOf(4)]) {
      const broad = most(subject, vocabulary, hook, proto);
      if (broad.kind !== 'no') faults.push({ hook, proto, broad: true, held: broad });
      else if (proto !== icmpOf(4)) {
        for (const { value } of vocabulary.ports.slice(0, portsTried)) {
          const held = denied(subject, packetTo(subject, hook, proto, value));
          if (held.kind === 'yes' || held.kind === 'maybe') faults.push({ hook, proto, broad: false, held });
        }
      }
    }
  }

  const shown = faults.filter(({ held }) => held.kind === 'yes' || held.kind === 'maybe');
  const worst = shown.find(({ broad, held }) => broad && held.kind === 'yes') ?? shown.find(({ broad }) => broad) ?? shown[0];
  if (worst === undefined) {
    const missing = faults.find(({ held }) => held.kind === 'unknown')?.held;
    return missing?.kind === 'unknown' ? blank(missing) : { findings: [], unknown: [] };
  }
  const alike = shown.filter(({ broad }) => broad === worst.broad);
  const witnesses = [worst, ...alike].flatMap(({ held }): readonly Witness[] => (held.kind === 'unknown' ? [] : held.witnesses));
  const [witness] = witnesses;
  if (witness === undefined) return { findings: [], unknown: [] };
  const hooks = [...new Set(alike.map(({ hook }) => hook))];
  const at = deciders(witnesses, denying);
  const certain = worst.held.kind === 'yes';
  const protocols = sayList([...new Set(alike.map(({ proto }) => sayProtocol(proto)))]);
  const named = [...new Set(witnesses.map(({ packet }) => `${packet.dport}/${sayProtocol(packet.proto).toLowerCase()}`))];
  const link = loopbackOf(host);
  return {
    findings: [
      {
        id: fwBase04.id,
        severity: worst.broad ? 'high' : 'medium',
        certainty: certain ? 'certain' : 'possible',
        title: worst.broad
          ? `Loopback traffic is dropped (${sayList(hooks.map((hook) => hook.toUpperCase()))}; ${protocols})`
          : `Loopback traffic to ${sayList(named.slice(0, 5))} is dropped`,
        why: `${capital(sayPacket(witness.packet))} ${certain ? 'is' : 'may be'} dropped by ${sayList(at.map((ref) => sayRef(host, ref)))}. Programs on this host that talk to each other over 127.0.0.1 cannot.`,
        family: 4,
        at,
        causedBy: [],
        witness,
        fix: `Accept the loopback link before anything is dropped.\n${hooks
          .map((hook) =>
            hook === 'input' ? `iptables -I INPUT 1 -i ${link} -j ACCEPT` : `iptables -I OUTPUT 1 -o ${link} -j ACCEPT`,
          )
          .join('\n')}`,
        refs: fwBase04.refs,
      },
    ],
    unknown: [],
  };
}

function most(subject: Subject, vocabulary: Vocabulary, hook: 'input' | 'output', proto: number): Held {
  if (proto === icmpOf(4)) return denied(subject, packetTo(subject, hook, proto, 0));
  return measure(vocabulary.ports, 1 / 2, (port) => denied(subject, packetTo(subject, hook, proto, port)));
}

function packetTo(subject: Subject, hook: 'input' | 'output', proto: number, dport: number): Packet {
  const self = parseAddress('127.0.0.1')?.value ?? 0n;
  const link = loopbackOf(subject.host);
  return opening({ family: 4, hook, [hook === 'input' ? 'in' : 'out']: link, src: self, dst: self, proto, dport });
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
