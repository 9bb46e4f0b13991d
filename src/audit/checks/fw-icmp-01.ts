import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { deciders, denying, sayList, sayRef } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import { empty, filter, guide, hardened4, natRouter, oneLink } from '../examples.ts';
import { anyone, capital, innerLinks, networksBehind } from '../exposure/index.ts';
import type { Finding, Undetermined, Witness } from '../finding.ts';
import { errorAbout, midStream } from '../icmp-errors.ts';
import { accepted, denied, fromStranger, fromStrangers, type Held } from '../measure.ts';
import { forwarding, ipv4Absent, outsideOf, ownAddresses } from '../surroundings.ts';
import type { Unread } from '../unread.ts';
import { namedLinks, unnamedLink, type Vocabulary, vocabularyOf } from '../vocabulary.ts';

/** Errors that a connection cannot do without, gravest first. */
const errors = [
  { type: 3, code: 4, name: 'fragmentation needed', grave: true },
  { type: 11, code: 0, name: 'time exceeded', grave: false },
  { type: 12, code: 0, name: 'parameter problem', grave: false },
] as const;

/**
 * ICMP errors about connections that are there, from anyone, to this host, and through it on one that forwards: they are RELATED, and
 * how they are accepted does not count. Asked only where packets of such connections are accepted at all. Without "fragmentation
 * needed" large packets vanish on paths with a smaller MTU (RFC 1191): high; the others alone are medium.
 */
export const fwIcmp01: Check = {
  id: 'FW-ICMP-01',
  title: 'ICMP errors about running connections come in',
  severity: 'high',
  kinds: ['S'],
  refs: ['RFC 1191', 'NIST 800-41r1 4.1.4'],
  why: 'On a path with a smaller MTU (tunnels, PPPoE) connections open and then hang, as soon as somebody sends more than a little.',
  fix: 'Accept RELATED packets, or at least ICMP types 3, 11 and 12.',
  run,
  examples: [
    { title: 'the guide: large transfers hang', v4: guide, finds: ['high 4'] },
    { title: 'nothing at all', v4: empty, finds: [] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    { title: 'ESTABLISHED alone', v4: filter(['-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT']), finds: ['high 4'] },
    {
      title: 'by type',
      v4: filter([
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
        ...[3, 11, 12].map((type) => `-A INPUT -p icmp -m icmp --icmp-type ${type} -j ACCEPT`),
      ]),
      finds: [],
    },
    {
      title: 'fragmentation needed alone',
      v4: filter(['-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT', '-A INPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT']),
      finds: ['medium 4'],
    },
    { title: 'no connection gets in at all', v4: filter(['-A INPUT -i lo -j ACCEPT']), finds: [] },
    {
      title: 'a router that forgets them on their way through',
      v4: filter([
        '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT',
      ]),
      facts: natRouter,
      finds: ['high 4'],
    },
    {
      title: 'behind a limit that may run out',
      v4: filter(['-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT', '-A INPUT -p icmp -m limit --limit 1/sec -j ACCEPT']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, facts: oneLink, finds: [], unknown: 1 },
  ],
};

interface Place {
  readonly hook: 'input' | 'forward';
  readonly in: string;
  readonly out: string | null;
  readonly to: bigint;
  readonly sure: boolean;
}

function run(subject: Subject): Answer {
  const { host } = subject;
  if (ipv4Absent(host)) return { findings: [], unknown: [] };
  const fact = host.rulesets[4];
  const blank = ({ why, remedy }: Unread): Undetermined => ({ id: fwIcmp01.id, why: `IPv4: ${why}`, remedy });
  if (!fact.known) return { findings: [], unknown: [blank(fact)] };
  const vocabulary = vocabularyOf(host, fact.value);
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  const { unread } = outsideOf(host, 4);
  for (const [hook, places] of Map.groupBy(placesOf(subject, vocabulary), (place) => place.hook)) {
    const beside = bystanders(host, 4, hook);
    if (beside.kind === 'may-rewrite') {
      unknown.push(blank(rewritten(4, beside)));
      continue;
    }
    const answers = places.map((place) => lost(subject, vocabulary, place));
    const fine = places.find((_, index) => answers[index] === null);
    const found = answers.flatMap((said) => (said !== null && 'id' in said ? [said] : []));
    const [first] = found;
    // Without knowledge of links one that rules name may be the only one there is.
    if (first !== undefined && unread !== null && fine !== undefined)
      unknown.push(
        blank({
          why: `ICMP errors are let in by ${fine.in} and not by every link, and which links the host has is not known: ${unread.why}`,
          remedy: unread.remedy,
        }),
      );
    else if (first !== undefined) findings.push(first);
    else for (const said of answers) if (said !== null && !('id' in said)) unknown.push(blank(said));
  }
  return { findings, unknown: findings.length > 0 ? [] : unknown.slice(0, 1) };
}

function placesOf({ host }: Subject, vocabulary: Vocabulary): readonly Place[] {
  const outside = outsideOf(host, 4);
  const links =
    outside.links.length > 0
      ? outside.links
      : [unnamedLink(vocabulary), ...(outside.unread === null ? [] : namedLinks(vocabulary, 'in').slice(0, 8))];
  const input = links.map((link): Place => {
    const [to = 0n] = ownAddresses(host, 4, link, vocabulary).addresses;
    return { hook: 'input', in: link, out: null, to, sure: outside.sure || outside.links.length === 0 };
  });
  if (forwarding(host, 4).on !== true) return input;
  const through = outside.links.flatMap((link) =>
    innerLinks(host, 4).flatMap((inner): readonly Place[] => {
      const [network] = networksBehind(host, 4, inner);
      if (network === undefined) return [];
      const free = BigInt(32 - network.length);
      return [{ hook: 'forward', in: link, out: inner, to: ((network.value >> free) << free) + 9n, sure: outside.sure }];
    }),
  );
  return [...input, ...through];
}

function lost(subject: Subject, vocabulary: Vocabulary, place: Place): Finding | Unread | null {
  const way = { family: 4, hook: place.hook, in: place.in, out: place.out } as const;
  const goes = fromStranger(vocabulary, place.to, (src) => accepted(subject, midStream(way, src, place.to)));
  const opens = place.hook === 'input' ? isOpened(subject, vocabulary, place) : false;
  if (goes.kind === 'no' && !opens) return null;
  const dropped = errors.flatMap((error) => {
    const held: Held = fromStrangers(vocabulary, place.to, anyone[4], (src) => {
      // A router between speaks of a connection with somebody behind it.
      const about = { src: place.to, dst: src ^ 0xffn, sport: 40_000, dport: 443 };
      return steadily(denied(subject, errorAbout(way, src, place.to, error.type, error.code, about)));
    });
    return held.kind === 'no' ? [] : [{ error, held }];
  });
  const missing = dropped.find(({ held }) => held.kind === 'unknown')?.held;
  const first = dropped.find(({ held }) => held.kind === 'yes') ?? dropped.find(({ held }) => held.kind === 'maybe');
  if (first === undefined || first.held.kind === 'unknown') return missing?.kind === 'unknown' ? missing : null;
  const [witness] = first.held.witnesses;
  if (witness === undefined) return null;
  return finding(
    subject,
    place,
    witness,
    dropped.map(({ error }) => error),
    first.held.kind === 'yes',
  );
}

/** What is denied only once a limit has run out comes in often enough. */
function steadily(held: Held): Held {
  if (held.kind !== 'yes' && held.kind !== 'maybe') return held;
  const [witness] = held.witnesses;
  return witness?.trace.verdict === 'DEPENDS' &&
    held.kind === 'maybe' &&
    witness.trace.dependsOn.every((match) => /-m (limit|hashlimit)/.test(match))
    ? { kind: 'no', witnesses: held.witnesses }
    : held;
}

/** New connections are let in: the errors are about them then. */
function isOpened(subject: Subject, vocabulary: Vocabulary, { in: link, to }: Place): boolean {
  return vocabulary.ports.slice(0, 64).some(({ value }) => {
    const held = fromStranger(vocabulary, to, (src) =>
      accepted(subject, {
        ...midStream({ family: 4, hook: 'input', in: link, out: null }, src, to),
        state: 'NEW',
        status: 0,
        flags: 2,
        direction: 'original',
        original: null,
        sport: 40_000,
        dport: value,
      }),
    );
    return held.kind === 'yes' || held.kind === 'maybe';
  });
}

function finding(
  { host }: Subject,
  place: Place,
  witness: Witness,
  dropped: readonly (typeof errors)[number][],
  certain: boolean,
): Finding {
  const at = deciders([witness], denying);
  const grave = dropped.some((error) => error.grave);
  const chain = place.hook === 'input' ? 'INPUT' : 'FORWARD';
  return {
    id: fwIcmp01.id,
    severity: grave ? 'high' : 'medium',
    certainty: certain && place.sure ? 'certain' : 'possible',
    title: `${chain} drops ICMP errors about running connections: ${sayList(dropped.map(({ name }) => name))}`,
    why: `${capital(`an ICMP error (${dropped[0]?.name}) about a connection`)} is dropped by ${sayList(at.map((ref) => sayRef(host, ref)))}. ${
      grave ? 'Where the path has a smaller MTU, connections open and then hang.' : 'Programs wait for what was refused long ago.'
    }`,
    family: 4,
    at,
    causedBy: [],
    witness,
    fix: `Accept what belongs to connections that exist, errors included.\n${command`iptables -I ${chain} 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`}`,
    refs: fwIcmp01.refs,
  };
}
