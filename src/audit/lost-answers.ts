import { bystanders, rewritten } from '../analysis/answers/bystanders.ts';
import { type Family, TCP, UDP } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import { deciders, denying, sayList, sayRef, toolOf } from './blame.ts';
import type { Answer, Check, Subject } from './check.ts';
import type { Witness } from './finding.ts';
import { accepted, denied } from './measure.ts';
import { icmpOf, opening, replyTo, sayPacket, sayProtocol } from './probes.ts';
import { outsideOf, ownAddresses } from './surroundings.ts';
import type { Unread } from './unread.ts';
import { namedLinks, unnamedLink, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** Connections tried for each protocol and link. */
const connectionsTried = 96;

interface Lost {
  readonly proto: number;
  readonly link: string;
  readonly sure: boolean;
  readonly witnesses: readonly Witness[];
}

/** What a check says of answers to connections that the host may open over one family. */
export function lostAnswers(subject: Subject, family: Family, check: Check): Answer {
  const { host } = subject;
  const fact = host.rulesets[family];
  const blank = ({ why, remedy }: Unread): Answer => ({ findings: [], unknown: [{ id: check.id, why, remedy }] });
  if (!fact.known) return blank(fact);
  const vocabulary = vocabularyOf(host, fact.value);
  const beside = bystanders(host, family, 'input');
  if (beside.kind === 'may-rewrite') return blank(rewritten(family, beside));

  const outside = outsideOf(host, family);
  const links = outside.links.length > 0 ? outside.links : [unnamedLink(vocabulary), ...namedLinks(vocabulary, 'in').slice(0, 8)];
  const lost: Lost[] = [];
  let missing: { why: string; remedy: string } | null = null;
  for (const link of links) {
    for (const proto of [TCP, UDP, icmpOf(family)]) {
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
  const names = sayList(protocols.map((proto) => (proto === icmpOf(family) ? 'ping' : sayProtocol(proto))));
  const certain = first.sure && (outside.sure || lossy.size === links.length);
  const at = deciders(
    lost.flatMap(({ witnesses }) => witnesses),
    denying,
  );
  const own = ownAddresses(host, family, first.link, vocabulary);
  const over = family === 6 ? ' over IPv6' : '';
  const onlyPing = protocols.every((proto) => proto === icmpOf(family));
  const hangsOn = witness.trace.dependsOn.length > 0 ? ` It hangs on ${witness.trace.dependsOn.join(', ')}.` : '';
  return {
    findings: [
      {
        id: check.id,
        severity: onlyPing ? 'medium' : 'high',
        certainty: certain ? 'certain' : 'possible',
        title:
          protocols.length === 3
            ? `Answers to the host’s own connections are dropped${over}`
            : `Answers to the host’s own connections are dropped${over}: ${names}`,
        why: [
          `The host may open the connection, but ${sayPacket(witness.packet)} ${first.sure ? 'is' : 'may be'} dropped by ${sayList(at.map((ref) => sayRef(host, ref)))}.${hangsOn}`,
          onlyPing ? 'Programs that check a peer by ping see it as down.' : 'Name resolution, time and security updates fail.',
          own.said,
        ]
          .filter((sentence) => sentence !== '')
          .join(' '),
        family,
        at,
        causedBy: [],
        witness,
        fix: `Accept packets of connections that exist, first in INPUT.\n${toolOf(family)} -I INPUT 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
        refs: check.refs,
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
  const [src = 0n] = ownAddresses(subject.host, vocabulary.family, link, vocabulary).addresses;
  const far = vocabulary.destinations.slice(0, 4).map(({ value }) => value);
  const destinations = [...far, ...vocabulary.namedDestinations.filter((value) => !far.includes(value)).slice(0, 8)];
  const everyday: Readonly<Record<number, readonly number[]>> = { [TCP]: [443, 80], [UDP]: [53, 123] };
  const parts = vocabulary.ports.slice(0, 8).map(({ value }) => value);
  const ports = proto === TCP || proto === UDP ? [...new Set([...(everyday[proto] ?? []), ...parts])] : [0];
  return ports
    .flatMap((dport) =>
      destinations.map((dst) => opening({ family: vocabulary.family, hook: 'output', out: link, src, dst, proto, dport })),
    )
    .slice(0, connectionsTried);
}
