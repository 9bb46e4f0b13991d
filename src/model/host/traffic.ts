import type { Fields } from './fields.ts';
import { numberOf, printedList, textOf } from './printed.ts';

/**
 * Filters of traffic control at one place of one link. Those on `ingress` see packets before all rules, those on `egress`
 * after them, and either may drop, change or send them elsewhere; those of the `root` queue mostly sort packets, but may too.
 */
export interface TrafficFilters {
  readonly link: string;
  readonly at: 'ingress' | 'egress' | 'root';
  /** `bpf`, `u32`, `flower`, … or `tcx`, with the protocol and preference of each; in the order in which they are tried. */
  readonly filters: readonly TrafficFilter[];
}

export interface TrafficFilter {
  readonly kind: string;
  readonly protocol: string;
  readonly preference: number;
}

/**
 * What the kernel side wrote down of `tc`: the queueing disciplines, then questions and their answers by turns. Places
 * where filters could be and are not are left out.
 */
export function parseTraffic(text: string): readonly TrafficFilters[] | undefined {
  const [qdiscs = '', ...lines] = text.split('\n');
  if (printedList(qdiscs) === undefined) return undefined;
  const found: TrafficFilters[] = [];
  for (let index = 0; index < lines.length; index += 2) {
    const [, link, at = 'root'] = /^filter show dev (\S+)(?: (ingress|egress))?$/.exec(lines[index] ?? '') ?? [];
    const filters = parseFilters(lines[index + 1] ?? '');
    if (link === undefined || filters === undefined || !isPlace(at)) return undefined;
    if (filters.length > 0) found.push({ link, at, filters });
  }
  return found;
}

/** Lines `LINK ingress COUNT`: BPF programs that were attached without any queue (tcx, Linux 6.6), which `tc` does not show. */
export function parseTcx(text: string): readonly TrafficFilters[] | undefined {
  const found: TrafficFilters[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    // The kernel takes 64 at most for each place (include/linux/bpf_mprog.h).
    const [, link, at = '', count] = /^(\S+) (\w+) (\d{1,2})$/.exec(line) ?? [];
    if (link === undefined || !isPlace(at)) return undefined;
    const program = { kind: 'tcx', protocol: 'all', preference: 0 };
    found.push({ link, at, filters: Array.from({ length: Number(count) }, () => program) });
  }
  return found;
}

/** A filter is printed once for its head and once for each of its parts; all of one kind, protocol and preference are one. */
function parseFilters(text: string): readonly TrafficFilter[] | undefined {
  const filters = new Map<string, TrafficFilter>();
  for (const object of printedList(text) ?? [{}]) {
    const [kind, preference] = [textOf(object, 'kind'), numberOf(object, 'pref')];
    if (kind === undefined || preference === undefined) return undefined;
    const protocol = textOf(object, 'protocol') ?? 'all';
    filters.set(`${preference} ${protocol} ${kind}`, { kind, protocol, preference });
  }
  return [...filters.values()];
}

function isPlace(word: string): word is TrafficFilters['at'] {
  return word === 'ingress' || word === 'egress' || word === 'root';
}

/** From a facts file, which names one filter an entry. */
export function readTrafficFilter(fields: Fields): TrafficFilters {
  fields.text('at');
  return {
    link: fields.text('link'),
    at: fields.word('at', ['ingress', 'egress', 'root']) ?? 'ingress',
    filters: [
      {
        kind: fields.optionalText('kind') ?? 'bpf',
        protocol: fields.optionalText('protocol') ?? 'all',
        preference: fields.optionalNumber('preference', 0, 65535) ?? 0,
      },
    ],
  };
}
