import { type Family, TCP, UDP } from '../model/net/index.ts';
import type { Hook } from '../model/packet/index.ts';
import { allowing, chainOf, deciders, deletions, sayList, sayRef, toolOf } from './blame.ts';
import type { Answer, Check, Subject } from './check.ts';
import { type DefaultDeny, defaultDeny } from './default-deny.ts';
import type { Finding, Severity } from './finding.ts';
import { groundwork } from './groundwork.ts';
import { sayPacket, sayProtocol } from './probes.ts';

/** What a check says of a chain that lets in what no rule was written for. */
export interface OpenDoor {
  readonly check: Pick<Check, 'id' | 'refs'>;
  readonly family: Family;
  readonly hook: Hook;
  readonly severity: Severity;
  /** Said after the packet: what it means on this host. */
  readonly meaning: string;
  /** What has to be there before the policy may change, so that nobody is locked out. */
  readonly first: string;
  /** The finding is possible only, for a reason that the caller says in `meaning`. */
  readonly unsure?: boolean;
}

const verbs: Readonly<Record<Hook, string>> = { input: 'lets in', forward: 'lets through', output: 'lets out' };

/** The answer of a check that wants one chain to deny by default. */
export function askDefaultDeny(subject: Subject, door: OpenDoor): Answer {
  const answer = defaultDeny(subject, door.family, door.hook);
  if (answer.kind === 'denied') return { findings: [], unknown: [] };
  if (answer.kind === 'unknown') {
    return {
      findings: [],
      unknown: [{ id: door.check.id, why: `IPv${door.family} ${chainOf[door.hook]}: ${answer.why}`, remedy: answer.remedy }],
    };
  }
  return { findings: [describe(subject, door, answer)], unknown: [] };
}

function describe(subject: Subject, door: OpenDoor, answer: Extract<DefaultDeny, { kind: 'accepted' }>): Finding {
  const { family, hook } = door;
  const [witness] = answer.witnesses;
  const at = deciders(answer.witnesses, allowing);
  const all = answer.protocols.length === answer.tried.length;
  const protocols = answer.protocols.map((proto) => (proto === TCP || proto === UDP ? sayProtocol(proto) : 'other protocols'));
  const chain = chainOf[hook];
  const certain = answer.certain && door.unsure !== true;
  const hangsOn = witness.trace.dependsOn.length > 0 ? ` It hangs on ${witness.trace.dependsOn.join(', ')}.` : '';
  const by = at.map((ref) => sayRef(subject.host, ref));
  const shown = deciders([witness], allowing).map((ref) => sayRef(subject.host, ref));
  const others = by.filter((name) => !shown.includes(name));
  const verb = certain || hangsOn === '' ? 'is' : 'may be';
  const policy = `${toolOf(family)} -P ${chain} DROP`;
  const narrow = deletions(at);
  const before = groundwork(subject, witness.packet, at);
  return {
    id: door.check.id,
    severity: door.severity,
    certainty: certain ? 'certain' : 'possible',
    title: `${family === 6 ? 'IPv6 ' : ''}${chain} ${verbs[hook]} ${all ? 'everything' : sayList(protocols)} that no rule was written for`,
    why: [
      `For example ${sayPacket(witness.packet)} ${verb} accepted by ${sayList(shown)}${others.length > 0 ? `, others by ${sayList(others)}` : ''}.${hangsOn}`,
      door.meaning,
      ...answer.said,
    ]
      .filter((sentence) => sentence !== '')
      .join(' '),
    family,
    at,
    causedBy: [],
    witness,
    fix:
      narrow.length > 0
        ? `Narrow ${sayList(by)} to the sources and ports that need it, or delete ${narrow.length > 1 ? 'them' : 'it'}; what is left must end in a policy that denies. ${door.first}\n${[...before, ...narrow, policy].join('\n')}`
        : `Deny what no rule names. ${door.first}\n${[...before, policy].join('\n')}`,
    refs: door.check.refs,
  };
}
