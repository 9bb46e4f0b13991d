import { bystanders, rewritten } from '../analysis/answers/bystanders.ts';
import { type Family, parseAddress, TCP, UDP } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import { deciders, denying, sayList, sayRef, toolOf } from './blame.ts';
import type { Answer, Check, Subject } from './check.ts';
import { command } from './command.ts';
import type { Witness } from './finding.ts';
import { denied, type Held, measure } from './measure.ts';
import { icmpOf, opening, sayPacket, sayProtocol } from './probes.ts';
import { loopbackOf } from './surroundings.ts';
import type { Unread } from './unread.ts';
import { type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** Parts of the port space looked at one by one. */
const portsTried = 64;

const selves: Readonly<Record<Family, string>> = { 4: '127.0.0.1', 6: '::1' };

/** What a check says of the loopback of one family: new TCP, UDP and ping packets to itself, leaving and arriving. */
export function lostLoopback(subject: Subject, family: Family, check: Check): Answer {
  const { host } = subject;
  const fact = host.rulesets[family];
  const blank = ({ why, remedy }: Unread): Answer => ({ findings: [], unknown: [{ id: check.id, why, remedy }] });
  if (!fact.known) return blank(fact);
  const vocabulary = vocabularyOf(host, fact.value);

  const faults: { readonly hook: 'input' | 'output'; readonly proto: number; readonly broad: boolean; readonly held: Held }[] =
    [];
  for (const hook of ['input', 'output'] as const) {
    const beside = bystanders(host, family, hook);
    if (beside.kind === 'may-rewrite') return blank(rewritten(family, beside));
    for (const proto of [TCP, UDP, icmpOf(family)]) {
      const broad = most(subject, vocabulary, hook, proto);
      if (broad.kind !== 'no') faults.push({ hook, proto, broad: true, held: broad });
      else if (proto !== icmpOf(family)) {
        for (const { value } of vocabulary.ports.slice(0, portsTried)) {
          const held = denied(subject, packetTo(subject, family, hook, proto, value));
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
        id: check.id,
        severity: worst.broad ? 'high' : 'medium',
        certainty: certain ? 'certain' : 'possible',
        title: worst.broad
          ? `${family === 6 ? 'IPv6 l' : 'L'}oopback traffic is dropped (${sayList(hooks.map((hook) => hook.toUpperCase()))}; ${protocols})`
          : `${family === 6 ? 'IPv6 l' : 'L'}oopback traffic to ${sayList(named.slice(0, 5))} is dropped`,
        why: `${capital(sayPacket(witness.packet))} ${certain ? 'is' : 'may be'} dropped by ${sayList(at.map((ref) => sayRef(host, ref)))}. Programs on this host that talk to each other over ${selves[family]} cannot.`,
        family,
        at,
        causedBy: [],
        witness,
        fix: `Accept the loopback link before anything is dropped.\n${hooks
          .map((hook) =>
            hook === 'input'
              ? command`${toolOf(family)} -I INPUT 1 -i ${link} -j ACCEPT`
              : command`${toolOf(family)} -I OUTPUT 1 -o ${link} -j ACCEPT`,
          )
          .join('\n')}`,
        refs: check.refs,
      },
    ],
    unknown: [],
  };
}

function most(subject: Subject, vocabulary: Vocabulary, hook: 'input' | 'output', proto: number): Held {
  const { family } = vocabulary;
  if (proto === icmpOf(family)) return denied(subject, packetTo(subject, family, hook, proto, 0));
  return measure(vocabulary.ports, 1 / 2, (port) => denied(subject, packetTo(subject, family, hook, proto, port)));
}

function packetTo(subject: Subject, family: Family, hook: 'input' | 'output', proto: number, dport: number): Packet {
  const self = parseAddress(selves[family])?.value ?? 0n;
  const link = loopbackOf(subject.host);
  return opening({ family, hook, [hook === 'input' ? 'in' : 'out']: link, src: self, dst: self, proto, dport });
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
