import { TCP, UDP } from '../../model/net/index.ts';
import type { Packet } from '../../model/packet/index.ts';
import { deciders, denying, sayList, sayRef } from '../blame.ts';
import { bystanders, rewritten } from '../bystanders.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, oneLink } from '../examples.ts';
import type { Witness } from '../finding.ts';
import { accepted, denied } from '../measure.ts';
import { icmpOf, opening, replyTo, sayPacket, sayProtocol } from '../probes.ts';
import { standardsOf } from '../standards/index.ts';
import { outsideOf, ownAddresses } from '../surroundings.ts';
import type { Unread } from '../unread.ts';
import { namedLinks, unnamedLink, type Vocabulary, vocabularyOf } from '../vocabulary.ts';

/** Connections tried for each protocol and link. */
const connectionsTried = 96;

/**
 * Opens connections that OUTPUT permits (TCP to 443 and 80, UDP to 53 and 123, ping, and whatever else the rules tell
 * apart) and asks what becomes of the first answer: ESTABLISHED, in the reply direction. By which syntax it is
 * accepted does not count. If only pings stay without answer it is medium.
 */
export const fwBase05: Check = {
  id: 'FW-BASE-05',
  title: 'answers to connections that the host opens are accepted (IPv4)',
  severity: 'high',
  kinds: ['S'],
  refs: standardsOf('FW-BASE-05'),
  why: 'Without answers the host cannot resolve names, set its clock or fetch security updates.',
  fix: 'Accept packets of connections that exist, before the rules that drop.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, finds: [] },
    { title: 'the guide forgets them', v4: guide, finds: ['high 4'] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    { title: 'in the old syntax', v4: filter(['-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT']), finds: [] },
    {
      title: 'protocol by protocol',
      v4: filter(['tcp', 'udp', 'icmp'].map((name) => `-A INPUT -p ${name} -m state --state ESTABLISHED -j ACCEPT`)),
      finds: [],
    },
    {
      title: 'UDP and ping are forgotten',
      v4: filter(['-A INPUT -p tcp -m state --state ESTABLISHED -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'only ping is forgotten',
      v4: filter(['tcp', 'udp'].map((name) => `-A INPUT -p ${name} -m conntrack --ctstate ESTABLISHED -j ACCEPT`)),
      finds: ['medium 4'],
    },
    { title: 'by negation', v4: filter(['-A INPUT -m conntrack ! --ctstate INVALID,NEW -j ACCEPT']), finds: [] },
    { title: 'only RELATED', v4: filter(['-A INPUT -m conntrack --ctstate RELATED -j ACCEPT']), finds: ['high 4'] },
    {
      title: 'a host that may open nothing waits for no answer',
      v4: filter(['-A INPUT -i lo -j ACCEPT'], { OUTPUT: 'DROP' }),
      finds: [],
    },
    {
      title: 'a host that may only ask one resolver, whose answers are dropped',
      v4: filter(['-A OUTPUT -d 9.9.9.9/32 -p udp -m udp --dport 53 -j ACCEPT'], { OUTPUT: 'DROP' }),
      finds: ['high 4'],
    },
    {
      title: 'a host that may only ask one resolver, whose answers come by its port',
      v4: filter(
        [
          '-A INPUT -s 9.9.9.9/32 -p udp -m udp --sport 53 -j ACCEPT',
          '-A OUTPUT -d 9.9.9.9/32 -p udp -m udp --dport 53 -j ACCEPT',
        ],
        { OUTPUT: 'DROP' },
      ),
      finds: [],
    },
    {
      title: 'answers behind a limit',
      v4: filter(['-A INPUT -m limit --limit 50/sec -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'by a link that is there',
      v4: filter(['-A INPUT -i eth0 -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      finds: [],
    },
    {
      title: 'by a link of which nothing is known',
      v4: filter(['-A INPUT -i eth0 -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      facts: { addresses: oneLink.addresses, foreignChains: [] },
      finds: [],
      unknown: 1,
    },
    {
      title: 'answers behind a ban list and a reverse path filter',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
${filter(['-A INPUT -m recent --update --seconds 3600 --name banned --mask 255.255.255.255 --rsource -j DROP', '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT'])}`,
      finds: [],
    },
    {
      title: 'answers behind a set that was not read and a reverse path filter',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
${filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT'])}`,
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

interface Lost {
  readonly proto: number;
  readonly link: string;
  readonly sure: boolean;
  readonly witnesses: readonly Witness[];
}

function run(subject: Subject): Answer {
  const { host } = subject;
  const fact = host.rulesets[4];
  const blank = ({ why, remedy }: Unread): Answer => ({ findings: [], unknown: [{ id: fwBase05.id, why, remedy }] });
  if (!fact.known) return blank(fact);
  const vocabulary = vocabularyOf(host, fact.value);
  const beside = bystanders(host, 4, 'input');
  if (beside.kind === 'may-rewrite') return blank(rewritten(4, beside));

  const outside = outsideOf(host, 4);
  const links = outside.links.length > 0 ? outside.links : [unnamedLink(vocabulary), ...namedLinks(vocabulary, 'in').slice(0, 8)];
  const lost: Lost[] = [];
  let missing: { why: string; remedy: string } | null = null;
  for (const link of links) {
    for (const proto of [TCP, UDP, icmpOf(4)]) {
      const answer = answers(subject, vocabulary, link, proto);
      if (answer.kind === 'lost') lost.push({ ...answer, proto, link });
      else if (answer.kind === 'unknown') missing ??= answer;
    }
  }
  const lossy = new Set(lost.map(({ link }) => link));
  // Without knowledge of links a link that the rules name may be the only one there is.
  if (outside.unread !== null && lossy.size > 0 && lossy.size < links.length) {
    const fine = links.filter((link) => !lossy.has(link));
    return blank({
      why: `answers are accepted on ${sayList(fine)} only, and whether the host has other links is not known: ${outside.unread.why}`,
      remedy: outside.unread.remedy,
    });
  }
  const first = lost.find(({ sure }) => sure) ?? lost[0];
  const [witness] = first?.witnesses ?? [];
  if (first === undefined || witness === undefined) return missing === null ? { findings: [], unknown: [] } : blank(missing);

  const protocols = [...new Set(lost.map(({ proto }) => proto))];
  const names = sayList(protocols.map((proto) => (proto === icmpOf(4) ? 'ping' : sayProtocol(proto))));
  const certain = first.sure && (outside.sure || lossy.size === links.length);
  const at = deciders(
    lost.flatMap(({ witnesses }) => witnesses),
    denying,
  );
  const own = ownAddresses(host, 4, first.link, vocabulary);
  const onlyPing = protocols.every((proto) => proto === icmpOf(4));
  const hangsOn = witness.trace.dependsOn.length > 0 ? ` It hangs on ${witness.trace.dependsOn.join(', ')}.` : '';
  return {
    findings: [
      {
        id: fwBase05.id,
        severity: onlyPing ? 'medium' : 'high',
        certainty: certain ? 'certain' : 'possible',
        title:
          protocols.length === 3
            ? 'Answers to the host’s own connections are dropped'
            : `Answers to the host’s own connections are dropped: ${names}`,
        why: [
          `The host may open the connection, but ${sayPacket(witness.packet)} ${first.sure ? 'is' : 'may be'} dropped by ${sayList(at.map((ref) => sayRef(host, ref)))}.${hangsOn}`,
          onlyPing ? 'Programs that check a peer by ping see it as down.' : 'Name resolution, time and security updates fail.',
          own.said,
        ]
          .filter((sentence) => sentence !== '')
          .join(' '),
        family: 4,
        at,
        causedBy: [],
        witness,
        fix: 'Accept packets of connections that exist, first in INPUT.\niptables -I INPUT 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        refs: fwBase05.refs,
      },
    ],
    unknown: [],
  };
}

/** Whether some permitted connection of the protocol stays without its answer. */
function answers(
  subject: Subject,
  vocabulary: Vocabulary,
  link: string,
  proto: number,
):
  | { readonly kind: 'heard' }
  | { readonly kind: 'lost'; readonly sure: boolean; readonly witnesses: readonly Witness[] }
  | { readonly kind: 'unknown'; readonly why: string; readonly remedy: string } {
  let doubtful: readonly Witness[] | null = null;
  let missing: { why: string; remedy: string } | null = null;
  for (const first of connections(subject, vocabulary, link, proto)) {
    const out = accepted(subject, first);
    if (out.kind === 'no') continue;
    if (out.kind === 'unknown') {
      missing ??= out;
      continue;
    }
    const back = denied(subject, replyTo(first));
    if (back.kind === 'unknown') missing ??= back;
    else if (back.kind === 'yes' && out.kind === 'yes') return { kind: 'lost', sure: true, witnesses: back.witnesses };
    else if (back.kind !== 'no') doubtful ??= back.witnesses;
  }
  if (doubtful !== null) return { kind: 'lost', sure: false, witnesses: doubtful };
  return missing === null ? { kind: 'heard' } : { kind: 'unknown', ...missing };
}

/** First packets that the host might send, everyday ones first. */
function connections(subject: Subject, vocabulary: Vocabulary, link: string, proto: number): readonly Packet[] {
  const [src = 0n] = ownAddresses(subject.host, 4, link, vocabulary).addresses;
  const far = vocabulary.destinations.slice(0, 4).map(({ value }) => value);
  const destinations = [...far, ...vocabulary.namedDestinations.filter((value) => !far.includes(value)).slice(0, 8)];
  const everyday: Readonly<Record<number, readonly number[]>> = { [TCP]: [443, 80], [UDP]: [53, 123] };
  const parts = vocabulary.ports.slice(0, 8).map(({ value }) => value);
  const ports = proto === TCP || proto === UDP ? [...new Set([...(everyday[proto] ?? []), ...parts])] : [0];
  return ports
    .flatMap((dport) => destinations.map((dst) => opening({ family: 4, hook: 'output', out: link, src, dst, proto, dport })))
    .slice(0, connectionsTried);
}
