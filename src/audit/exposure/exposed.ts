import { isLoopback, type Listener } from '../../model/host/index.ts';
import { type Family, type Ranges, TCP } from '../../model/net/index.ts';
import type { Packet, RuleRef } from '../../model/packet/index.ts';
import { allowing, deciders, sayList, sayRef } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Finding, Severity, Witness } from '../finding.ts';
import { accepted } from '../measure.ts';
import { sayPacket } from '../probes.ts';
import type { Unread } from '../unread.ts';
import type { Mode } from './course.ts';
import type { Door } from './doors.ts';
import type { Sight } from './sight.ts';
import { anyone } from './strangers.ts';

/** One packet that strangers get in, as the interpreter follows it. */
export type Shown =
  | { readonly kind: 'yes' | 'maybe'; readonly witness: Witness }
  | { readonly kind: 'unknown'; readonly why: string; readonly remedy: string }
  | { readonly kind: 'no' };

/** What the interpreter says of a packet that the engine takes for accepted. */
export function shown(subject: Subject, packet: Packet | null): Shown {
  if (packet === null) return { kind: 'no' };
  const held = accepted(subject, packet);
  if (held.kind === 'unknown') return held;
  const [witness] = held.witnesses;
  return held.kind === 'no' || witness === undefined ? { kind: 'no' } : { kind: held.kind, witness };
}

/** A port that anyone reaches by some door, with the surest way in. */
export interface OpenPort {
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
  readonly door: Door;
  readonly mode: Mode;
  /** No limit stands before it. */
  readonly unlimited: boolean;
}

/** Whether anyone reaches the port, and by which door; `null` if not. */
export function openPort(family: Family, doors: readonly Door[], proto: 'tcp' | 'udp', port: number): OpenPort | null {
  for (const mode of ['certain', 'possible'] as const) {
    for (const door of [...doors].sort((a, b) => rank(a) - rank(b))) {
      const sight = proto === 'tcp' ? door.tcp : door.udp;
      if (sight.share(port, mode) < anyone[family]) continue;
      return { proto, port, door, mode, unlimited: sight.share(port, 'steady') >= anyone[family] };
    }
  }
  return null;
}

function rank({ sure, unread }: Door): number {
  return unread !== null ? 2 : sure ? 0 : 1;
}

export function sightFor({ door, proto }: Pick<OpenPort, 'door' | 'proto'>): Sight {
  return proto === 'tcp' ? door.tcp : door.udp;
}

/** So many ports are as good as all of them: what lets them in names no service. */
const wide = 1024;

/** The run of ports that anyone reaches around the port; how wide it is tells whether somebody meant the port. */
export function isMeant({ door, proto, port, mode }: OpenPort): boolean {
  const run = sightFor({ door, proto })
    .openPorts(mode)
    .find(([lo, hi]) => lo <= port && port <= hi);
  return run === undefined || run[1] - run[0] < wide;
}

/** Who waits at the port for packets of the family that come by the link; `null` when that is unknown. */
export function listenersAt(
  { host }: Subject,
  family: Family,
  { proto, port, door }: Pick<OpenPort, 'proto' | 'port' | 'door'>,
): readonly Listener[] | null {
  if (!host.listeners.known) return null;
  return host.listeners.value.filter(
    (listener) =>
      listener.proto === proto &&
      listener.port === port &&
      isHeard(listener, family) &&
      (listener.link ?? door.link) === door.link,
  );
}

/** Whether packets of the family from elsewhere can be for the listener. */
export function isHeard({ families, address }: Listener, family: Family): boolean {
  return families.includes(family) && (address === null || (address.family === family && !isLoopback(address)));
}

/** `3306/tcp (MySQL)`; a process that listens is named instead. */
export function sayPort(proto: string, port: number, name: string | null): string {
  return `${port}/${proto}${name === null || name === '' ? '' : ` (${name})`}`;
}

export function sayProcess(listeners: readonly Listener[] | null): string | null {
  return listeners?.find(({ process }) => process !== null)?.process ?? null;
}

export function sayRanges(of: Ranges<number>, proto: string): readonly string[] {
  return of.map(([lo, hi]) => (lo === hi ? `${lo}/${proto}` : `${lo}-${hi}/${proto}`));
}

/** At most so many things are named in a sentence. */
const named = 8;

export function sayFew(items: readonly string[]): string {
  return sayList(items.length > named ? [...items.slice(0, named), `${items.length - named} more`] : items);
}

export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** A finding that one accepted packet shows. */
export interface Exposed {
  readonly check: Pick<Check, 'id' | 'refs'>;
  readonly family: Family;
  readonly severity: Severity;
  readonly title: string;
  readonly shown: Extract<Shown, { readonly kind: 'yes' | 'maybe' }>;
  /** False where a reason besides the matches makes it only possible. */
  readonly sure: boolean;
  /** Sentences after the packet; empty ones are left out. */
  readonly meaning: readonly string[];
  readonly fix: string;
}

export function exposed({ host }: Subject, said: Exposed): Finding {
  const { witness } = said.shown;
  const at = deciders([witness], allowing);
  const certain = said.shown.kind === 'yes';
  const by = sayList(at.map((ref) => sayRef(host, ref)));
  const hangsOn = witness.trace.dependsOn.length > 0 ? `It hangs on ${sayList(witness.trace.dependsOn)}.` : '';
  return {
    id: said.check.id,
    severity: said.severity,
    certainty: certain && said.sure ? 'certain' : 'possible',
    title: said.title,
    why: [capital(`${sayPacket(witness.packet)} ${certain ? 'is' : 'may be'} accepted by ${by}.`), hangsOn, ...said.meaning]
      .filter((sentence) => sentence !== '')
      .join(' '),
    family: said.family,
    at,
    causedBy: [],
    witness,
    fix: said.fix,
    refs: said.check.refs,
  };
}

/** What was not known of the door, as sentences. */
export function assumptions({ said, sure, link }: Door): readonly string[] {
  return [said, sure ? '' : `Whether strangers come by ${link} is not certain.`];
}

export function unreadDoor({ unread, link }: Door, what: string): Unread | null {
  return unread === null
    ? null
    : { why: `${what} by ${link}, and whether ${link} faces the outside is not known: ${unread.why}`, remedy: unread.remedy };
}

/** Of the two protocols that have ports. */
export const ported = [
  ['tcp', TCP],
  ['udp', 17],
] as const;

/** A rule of filter decided, no policy and no table that only lets pass. A verdict that hangs on matches is some rule's. */
export function isByRule(by: RuleRef | null): boolean {
  return by === null || (by.rule !== 'policy' && by.table === 'filter');
}
