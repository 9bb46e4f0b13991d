import { type Family, formatProtocol, type Ranges, ranges } from '../../model/net/index.ts';
import { clockFields } from '../../model/packet/index.ts';
import { grouped, type Node, none, splitBy, withoutNeed } from '../space/index.ts';
import type { Space } from '../symbolic/index.ts';
import { portedProtocols } from './arrivals.ts';
import { icmpProtocol, openingTypes } from './routing.ts';

/** What is asked for: ports of a protocol, ICMP types, or a protocol as a whole. */
export interface Service {
  /** Protocol numbers. */
  readonly proto: readonly [number, number];
  readonly ports: Ranges<number> | null;
  readonly icmpTypes: Ranges<number> | null;
}

/** Each service that rules tell apart, and what is left to say of its packets: addresses, and what verdicts hang on. */
export function servicesOf(
  { diagram, layout, family }: Space,
  arriving: Node,
): readonly { readonly service: Service; readonly rest: Node }[] {
  const found: { readonly service: Service; readonly rest: Node }[] = [];
  const proto = layout.axis('proto');
  const runs = splitBy(diagram, arriving, proto);
  for (const [index, { first, rest }] of runs.entries()) {
    const last = (runs[index + 1]?.first ?? proto.size) - 1;
    const [from] = layout.numbersOf('proto', first) as readonly [number, number];
    const [, to] = layout.numbersOf('proto', last) as readonly [number, number];
    for (const [lo, hi] of protocolPieces(family, from, to)) {
      const isPorted = portedProtocols.includes(lo);
      const isIcmp = lo === (family === 4 ? 1 : 58);
      const field = isPorted ? 'dport' : isIcmp ? 'icmpType' : null;
      if (field === null) {
        const plain = needed(rest);
        if (plain !== none) found.push({ service: { proto: [lo, hi], ports: null, icmpTypes: null }, rest: plain });
        continue;
      }
      const axis = layout.axis(field);
      const absent = layout.numberCode(field, null);
      for (const [behind, codes] of grouped(splitBy(diagram, rest, axis), axis.size)) {
        const plain = needed(behind);
        const values = codes
          .map(([a, b]) => [a, b === absent ? b - 1 : b] as const)
          .filter(([a, b]) => a <= b)
          .map(([a, b]) => [layout.numbersOf(field, a)?.[0] ?? 0, layout.numbersOf(field, b)?.[1] ?? 0] as const);
        if (plain === none || values.length === 0) continue;
        found.push({
          service: { proto: [lo, hi], ports: isPorted ? ranges(...values) : null, icmpTypes: isIcmp ? ranges(...values) : null },
          rest: plain,
        });
      }
    }
  }
  return found;

  /** Fields that say nothing of these packets hide that two services are treated alike. */
  function needed(rest: Node): Node {
    let plain = rest;
    for (const field of [
      'dport',
      'sport',
      'icmpType',
      'icmpCode',
      'mac',
      'length',
      'ttl',
      'tos',
      'pktType',
      'out',
      ...clockFields,
    ] as const)
      plain = withoutNeed(diagram, plain, layout.axis(field));
    for (const { level } of layout.variables) plain = withoutNeed(diagram, plain, { level, width: 1 });
    return plain;
  }
}

/** Protocols that have ports or types stand alone. */
function protocolPieces(family: Family, from: number, to: number): readonly (readonly [number, number])[] {
  const single = [...portedProtocols, family === 4 ? 1 : 58].filter((one) => from <= one && one <= to).sort((a, b) => a - b);
  const pieces: (readonly [number, number])[] = [];
  let at = from;
  for (const one of single) {
    if (at < one) pieces.push([at, one - 1]);
    pieces.push([one, one]);
    at = one + 1;
  }
  if (at <= to) pieces.push([at, to]);
  return pieces;
}

/** Services as people say them: `22/tcp`, `ping`, `gre`; or all but those. */
export interface ServiceWords {
  readonly except: boolean;
  readonly list: readonly string[];
}

/** The shortest way to say which services they are. */
export function serviceWords(family: Family, services: readonly Service[]): ServiceWords {
  const own = new Map<number, Ranges<number>>();
  for (const { proto, ports, icmpTypes } of services) {
    for (let one = proto[0]; one <= proto[1]; one += 1)
      own.set(one, ranges(...(own.get(one) ?? []), ...(ports ?? icmpTypes ?? whole)));
  }
  const rest = new Map<number, Ranges<number>>();
  for (let one = 0; one <= 255; one += 1) {
    const left = minus(everythingOf(family, one), own.get(one) ?? []);
    if (left.length > 0) rest.set(one, left);
  }
  const [said, others] = [wordsOf(family, own), wordsOf(family, rest)];
  return others.length < said.length ? { except: true, list: others } : { except: false, list: said };
}

const whole: Ranges<number> = [[0, 0]];

/** All that packets of a protocol can ask for. */
function everythingOf(family: Family, proto: number): Ranges<number> {
  return portedProtocols.includes(proto) ? [[0, 65_535]] : proto === icmpProtocol[family] ? openingTypes[family] : whole;
}

function wordsOf(family: Family, services: ReadonlyMap<number, Ranges<number>>): readonly string[] {
  const words: string[] = [];
  const named = [icmpProtocol[family], 6, 17];
  const rare = Array.from({ length: 256 }, (_, proto) => proto).filter((proto) => !named.includes(proto));
  const isWhole = (proto: number): boolean => minus(everythingOf(family, proto), services.get(proto) ?? []).length === 0;
  for (const proto of named) words.push(...wordsOfProtocol(family, proto, services.get(proto) ?? [], isWhole(proto)));
  if (rare.every(isWhole)) return [...words, 'other protocols'];
  for (const proto of rare) words.push(...wordsOfProtocol(family, proto, services.get(proto) ?? [], isWhole(proto)));
  return words;
}

function wordsOfProtocol(family: Family, proto: number, values: Ranges<number>, isWhole: boolean): readonly string[] {
  if (values.length === 0) return [];
  const isIcmp = proto === icmpProtocol[family];
  const name = isIcmp ? 'icmp' : formatProtocol(proto);
  if (isWhole) return [name];
  const echo = family === 4 ? 8 : 128;
  return values.map(([lo, hi]) => {
    const text = lo === hi ? String(lo) : `${lo}-${hi}`;
    return isIcmp ? (lo === echo && hi === echo ? 'ping' : `icmp type ${text}`) : `${text}/${name}`;
  });
}

function minus(all: Ranges<number>, those: Ranges<number>): Ranges<number> {
  return those.reduce<Ranges<number>>(
    (rest, [from, to]) =>
      rest.flatMap(([lo, hi]) => {
        const pieces: (readonly [number, number])[] = [];
        if (lo < from) pieces.push([lo, Math.min(hi, from - 1)]);
        if (hi > to) pieces.push([Math.max(lo, to + 1), hi]);
        return pieces;
      }),
    all,
  );
}
