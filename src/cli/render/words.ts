import type { FindingJson, TraceJson } from '../../verbs/index.ts';
import type { Style, View } from './view.ts';
import { widthOf } from './width.ts';

type ProofJson = FindingJson['proof'];
type Packet = NonNullable<FindingJson['witness']>['packet'];
type Place = NonNullable<TraceJson['decidedBy']> & { readonly line?: number | null };

/** One packet in a few words: `tcp 203.0.113.9 → 198.51.100.1:22, arriving on eth0`. */
export function packetWords(packet: Packet): string {
  const { hook, proto, src, dst, sport, dport, icmpType } = packet;
  const ends = `${at(src, sport === 40000 ? null : sport)} → ${at(dst, dport)}`;
  const details = [
    icmpType === null
      ? ''
      : `type ${icmpType}${packet.icmpCode === null || packet.icmpCode === 0 ? '' : ` code ${packet.icmpCode}`}`,
    packet.flags === undefined || packet.flags.join() === 'SYN' ? '' : `flags ${packet.flags.join(',') || 'none'}`,
    packet.state === 'NEW' ? '' : packet.state,
    packet.in === null ? '' : `arriving on ${packet.in}`,
    packet.out === null ? '' : `leaving by ${packet.out}`,
    hook === 'forward' ? 'to be forwarded' : '',
    packet.mark === 0 ? '' : `mark 0x${packet.mark.toString(16)}`,
    packet.fragment === true ? 'a later fragment' : '',
  ];
  return [`${proto} ${ends}`, ...details.filter((detail) => detail !== '')].join(', ');
}

function at(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `IPv4 filter INPUT rule 3`, or `… policy`. */
export function placeWords({ family, table, chain, rule }: Place): string {
  return `IPv${family} ${table} ${chain} ${rule === 'policy' ? 'policy' : `rule ${rule}`}`;
}

/** What becomes of a packet and who decides it: a place, or that there is nothing that could. */
export function verdictWords(verdict: string, place: Place | null): string {
  return place === null ? `${verdict}, there is no rule and no policy` : `${verdict} by ${placeWords(place)}`;
}

export function witnessWords({ packet, verdict, decidedBy, dependsOn }: NonNullable<FindingJson['witness']>): string {
  const hangs = dependsOn.length === 0 ? '' : ` (hangs on ${dependsOn.join(', ')})`;
  return `${packetWords(packet)}: ${verdictWords(verdict, decidedBy)}${hangs}`;
}

/** What the kernel did with a packet, beside what was said of it. */
export function proofWords(proof: NonNullable<ProofJson>): string {
  if (!proof.ran) return `none: ${proof.why}`;
  const did = verdictWords(proof.kernel, proof.decidedBy);
  const led = proof.led ? ', led there by a route made for it' : '';
  return proof.agrees
    ? `the kernel agrees: ${did}${led}`
    : `THE KERNEL DISAGREES: ${did}${led}; a fault of palisade, please report it`;
}

export const severityStyles: Readonly<Record<FindingJson['severity'], Style | readonly Style[]>> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};

/** `2 critical, 3 high`; what there is none of is left out. */
export function countWords(counts: Readonly<Record<FindingJson['severity'], number>>): string {
  const said = Object.entries(counts).flatMap(([severity, count]) => (count === 0 ? [] : [`${count} ${severity}`]));
  return said.length === 0 ? 'no findings' : said.join(', ');
}

export function verdictStyle(verdict: TraceJson['verdict']): Style | readonly Style[] {
  if (verdict === 'ACCEPT') return ['bold', 'green'];
  return verdict === 'DEPENDS' || verdict === 'UNDECIDED' ? ['bold', 'yellow'] : ['bold', 'red'];
}

/** Each word by itself, so that the text can be wrapped; a word that has to be cut stays as it is. */
export function paintWords(style: Style | readonly Style[], text: string, view: View): string {
  return text
    .split(' ')
    .map((word) => (widthOf(word) > (view.columns ?? Number.POSITIVE_INFINITY) ? word : view.paint(style, word)))
    .join(' ');
}

/** A counter as people read it: 1234, 56.7k, 8.9M. */
export function countShort(count: number | null): string {
  if (count === null) return '';
  const steps = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  let step = 0;
  let rest = count;
  while (rest >= 10_000 && step < steps.length - 1) {
    rest /= 1000;
    step += 1;
  }
  return step === 0 ? String(count) : `${rest >= 1000 ? Math.floor(rest) : rest.toFixed(1)}${steps[step]}`;
}

export function heading(text: string, view: View): string {
  return `\n${view.paint('bold', text)}\n`;
}
