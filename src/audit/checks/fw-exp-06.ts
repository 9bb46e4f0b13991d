import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { isLoopback, type Listener } from '../../model/host/index.ts';
import { type Family, formatAddress, TCP, UDP } from '../../model/net/index.ts';
import type { Trace } from '../../model/packet/index.ts';
import { allowing, deciders, endingsOf, policyOf, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import type { Finding, Undetermined, Witness } from '../finding.ts';
import { accepted, fromStranger, type Held } from '../measure.ts';
import { type Aim, opening, sayPacket } from '../probes.ts';
import { standardsOf } from '../standards/index.ts';
import { ipv4Absent, ipv6Off, outsideOf, ownAddresses } from '../surroundings.ts';
import { unnamedLink, unnamedPort, type Vocabulary, vocabularyOf } from '../vocabulary.ts';

const withMysql = {
  ...oneLink,
  listeners: [
    { proto: 'tcp', port: 22, address: '0.0.0.0', process: 'sshd' },
    { proto: 'tcp', port: 3306, address: '0.0.0.0', process: 'mysqld' },
    { proto: 'tcp', port: 5432, address: '127.0.0.1', process: 'postgres' },
  ],
};

/**
 * For each listener a new connection from anyone, by an outside link. If it is let in, the same connection to a port that no
 * rule names is tried: when that goes the same way to the same deciding rule or policy, nobody decided for this port.
 * One finding a family names all such listeners. Listeners on inner links count only where they are bound to the link. Over IPv4
 * nothing is asked of a host without an IPv4 address; IPv6 gives one to itself.
 */
export const fwExp06: Check = {
  id: 'FW-EXP-06',
  title: 'every service that can be reached was let in by a rule for its port',
  severity: 'medium',
  kinds: ['S', 'H'],
  refs: standardsOf('FW-EXP-06'),
  why: 'A service that is open because nothing forbids it is one that nobody decided to offer.',
  fix: 'Name the services that are wanted, each by its port; bind the others to the loopback or deny them.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, facts: withMysql, finds: ['medium 4'] },
    { title: 'the guide denies what it does not name', v4: guide, v6: hardened6, facts: withMysql, finds: [] },
    {
      title: 'the guide forgets IPv6',
      v4: guide,
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 22, address: '::', process: 'sshd' }] },
      finds: ['medium 6'],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: withMysql, finds: [] },
    {
      title: 'an open policy with a rule for each service',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 3306 -j DROP'], {
        INPUT: 'ACCEPT',
      }),
      facts: withMysql,
      finds: [],
    },
    {
      title: 'a rule for the port that lets only some in leaves the others to the policy',
      v4: filter(
        ['-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT', '-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 3306 -j ACCEPT'],
        {
          INPUT: 'ACCEPT',
        },
      ),
      facts: withMysql,
      finds: ['medium 4'],
    },
    {
      title: 'a decision made in a user chain',
      v4: filter([
        ':db - [0:0]',
        '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 3306 -j db',
        '-A db -j ACCEPT',
      ]),
      facts: withMysql,
      finds: [],
    },
    {
      title: 'a limit that lets in every port',
      v4: filter(['-A INPUT -m limit --limit 10/sec -j ACCEPT']),
      facts: withMysql,
      finds: ['medium 4'],
    },
    {
      title: 'only loopback listeners',
      v4: empty,
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 5432, address: '127.0.0.1' }] },
      finds: [],
    },
    { title: 'no knowledge of listeners', v4: empty, finds: [], unknown: 1 },
    { title: 'rules that were not read', v4: null, v6: hardened6, facts: withMysql, finds: [], unknown: 1 },
  ],
};

const listed = 8;

function run(subject: Subject): Answer {
  const { listeners } = subject.host;
  if (!listeners.known) return { findings: [], unknown: [{ id: fwExp06.id, why: listeners.why, remedy: listeners.remedy }] };
  const findings: Finding[] = [];
  const unknown: Undetermined[] = [];
  for (const family of [4, 6] as const) {
    const heard = audience(listeners.value, family);
    if (heard.length === 0 || (family === 6 ? ipv6Off(subject.host) : ipv4Absent(subject.host))) continue;
    const answer = familyAnswer(subject, family, heard);
    if (answer === null) continue;
    if ('severity' in answer) findings.push(answer);
    else unknown.push({ id: fwExp06.id, ...answer });
  }
  return { findings, unknown };
}

/** Listeners that a packet of the family from outside can be for, each port once an address. */
function audience(listeners: readonly Listener[], family: Family): readonly Listener[] {
  const distinct = new Map<string, Listener>();
  for (const listener of listeners) {
    const { address } = listener;
    if (!listener.families.includes(family)) continue;
    if (address !== null && (address.family !== family || isLoopback(address))) continue;
    distinct.set(`${listener.proto} ${listener.port} ${address?.value ?? ''} ${listener.link ?? ''}`, listener);
  }
  return [...distinct.values()];
}

interface Undecided {
  readonly listener: Listener;
  readonly certain: boolean;
  readonly witness: Witness;
}

function familyAnswer(
  subject: Subject,
  family: Family,
  listeners: readonly Listener[],
): Finding | { readonly why: string; readonly remedy: string } | null {
  const { host } = subject;
  const fact = host.rulesets[family];
  if (!fact.known) return { why: `IPv${family}: ${fact.why}`, remedy: fact.remedy };
  const vocabulary = vocabularyOf(host, fact.value);
  const beside = bystanders(host, family, 'input');
  if (beside.kind === 'may-rewrite') return rewritten(family, beside);
  const found: Undecided[] = [];
  let missing: { why: string; remedy: string } | null = null;
  const compare = comparison(subject, vocabulary);
  for (const listener of listeners) {
    const answer = askListener(subject, vocabulary, listener, compare);
    if (answer === null) continue;
    if ('why' in answer) missing ??= answer;
    else found.push(answer);
  }
  const first = found.find(({ certain }) => certain) ?? found[0];
  if (first === undefined) return missing;
  const at = deciders(
    found.map(({ witness }) => witness),
    allowing,
  );
  const names = [...new Set(found.map(({ listener }) => sayListener(listener)))];
  const shown = names.length > listed ? [...names.slice(0, listed), `${names.length - listed} more`] : names;
  const own = ownAddresses(host, family, null, vocabulary);
  return {
    id: fwExp06.id,
    severity: 'medium',
    certainty: first.certain && beside.kind === 'none' ? 'certain' : 'possible',
    title: `${names.length === 1 ? 'A service is' : `${names.length} services are`} open over IPv${family} with no rule for ${names.length === 1 ? 'its port' : 'their ports'}: ${sayList(shown)}`,
    why: [
      `${sayPacket(first.witness.packet)} ${first.certain ? 'is' : 'may be'} accepted by ${sayList(at.map((ref) => sayRef(host, ref)))}, just as a port that no rule names would be. Nobody decided that this service is to be open.`,
      own.said,
    ]
      .filter((sentence) => sentence !== '')
      .join(' ')
      .replace(/^./, (letter) => letter.toUpperCase()),
    family,
    at,
    causedBy: [],
    witness: first.witness,
    fix: fixOf(
      family,
      found.map(({ listener }) => listener),
    ),
    refs: fwExp06.refs,
    ports: [...new Set(found.map(({ listener }) => `${listener.port}/${listener.proto}`))],
  };
}

/** SSH is never proposed to be shut: that would lock its reader out. */
function fixOf(family: Family, listeners: readonly Listener[]): string {
  const decide =
    'Decide for each: accept it by a rule for its port, from those who need it; or bind it to the loopback; or deny it.';
  const shut = listeners
    .filter(({ port, process }) => port !== 22 && process?.startsWith('sshd') !== true)
    .map(({ proto, port }) => `${toolOf(family)} -I INPUT -p ${proto} --dport ${port} ! -i lo -j DROP`);
  if (shut.length === 0) return decide;
  return `${decide} To deny what nobody outside needs:\n${[...new Set(shut)].slice(0, listed).join('\n')}`;
}

/** The same packet to a port that no rule names and nobody listens on; asked once for each way in. */
function comparison(subject: Subject, vocabulary: Vocabulary): (aim: Aim) => Held {
  const { listeners } = subject.host;
  const dport = unnamedPort(vocabulary, listeners.known ? listeners.value.map(({ port }) => port).slice(0, 512) : []);
  const asked = new Map<string, Held>();
  return (aim) => {
    const key = `${aim.in} ${aim.src} ${aim.dst} ${aim.proto}`;
    const held = asked.get(key) ?? accepted(subject, opening({ ...aim, dport }));
    asked.set(key, held);
    return held;
  };
}

function askListener(
  subject: Subject,
  vocabulary: Vocabulary,
  listener: Listener,
  compare: (aim: Aim) => Held,
): Undecided | { readonly why: string; readonly remedy: string } | null {
  const { host } = subject;
  const { family } = vocabulary;
  const proto = listener.proto === 'tcp' ? TCP : UDP;
  const { links: outside, beside: others } = outsideOf(host, family);
  const links =
    listener.link !== null ? [listener.link] : outside.length > 0 ? [...outside, ...others] : [unnamedLink(vocabulary)];
  let missing: { why: string; remedy: string } | null = null;
  for (const link of links) {
    const [own = 0n] = ownAddresses(host, family, link, vocabulary).addresses;
    const dst = listener.address?.value ?? own;
    const held = fromStranger(vocabulary, dst, (src) =>
      accepted(subject, opening({ family, hook: 'input', in: link, src, dst, proto, dport: listener.port })),
    );
    if (held.kind === 'unknown') missing ??= held;
    if (held.kind !== 'yes' && held.kind !== 'maybe') continue;
    const [witness] = held.witnesses;
    if (witness === undefined) continue;
    const compared = compare({ family, hook: 'input', in: link, src: witness.packet.src, dst, proto });
    const [beside] = compared.kind === 'unknown' ? [] : compared.witnesses;
    if (beside === undefined || compared.kind === 'no') continue;
    const ways = waysIn(witness.trace, family);
    const besides = new Set(waysIn(beside.trace, family));
    if (ways.some((way) => besides.has(way))) {
      return { listener, certain: held.kind === 'yes' && !others.includes(link), witness };
    }
  }
  return missing;
}

/** How a packet is let in: the chains it was led through and who decided, one text an ending. */
function waysIn(trace: Trace, family: Family): readonly string[] {
  const led = trace.path
    .filter(({ effect }) => effect === 'jump' || effect === 'goto')
    .map(({ table, chain, rule }) => `${table} ${chain} ${rule}`)
    .join(', ');
  return endingsOf(trace)
    .filter(({ verdict }) => allowing.includes(verdict))
    .map(({ decidedBy }) => {
      const by = decidedBy ?? policyOf(family, 'input');
      return `${led}: ${by.table} ${by.chain} ${by.rule}`;
    });
}

function sayListener(listener: Listener): string {
  const address = listener.address === null ? '' : ` on ${formatAddress(listener.address)}`;
  return `${listener.port}/${listener.proto}${address}${listener.process === null ? '' : ` (${listener.process})`}`;
}
