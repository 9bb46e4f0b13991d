import type { Family, Ranges } from '../../src/model/net/index.ts';
import {
  allOf,
  always,
  anyOf,
  type Constraint,
  type Hook,
  kernelUid,
  not,
  type State,
  states,
} from '../../src/model/packet/index.ts';
import { type Net, places } from './edges.ts';
import { arriving, peerMac } from './lab.ts';
import type { MadeRuleset } from './rulesets.ts';
import { shortest } from './traffic.ts';

/** First packets of connections that can be sent through the lab: those of which every part holds. */
export interface Sendable {
  readonly hook: Hook;
  /** By what each is about. */
  readonly parts: readonly { readonly about: string; readonly holds: Constraint }[];
}

const [TCP, UDP, DCCP, SCTP, UDPLITE, GRE] = [6, 17, 33, 132, 136, 47];
const ported = [TCP, UDP, DCCP, SCTP, UDPLITE];

/** What traffic.ts makes packets of, as sets. */
export function sendable(made: MadeRuleset): readonly Sendable[] {
  return (['input', 'forward', 'output'] as const).map((hook) => ({ hook, parts: firstPackets(made, hook) }));
}

function firstPackets({ family, tracking, edges }: MadeRuleset, hook: Hook): Sendable['parts'] {
  const { from, here, beyond } = places[family];
  const icmp = family === 4 ? 1 : 58;
  const protos = [...ported, icmp, GRE, 253, ...edges.protos.filter((value) => value !== (family === 4 ? 58 : 1))];
  const first = number('fragment', 0);
  const ends = (out: string | null, nets: readonly Net[]): Constraint => allOf(link('out', out), address('dst', nets));
  const [one, other] = beyond.map((net) => [net]);
  const ways: Readonly<Record<Hook, Constraint>> = {
    input: anyOf(address('dst', here), special(family)),
    forward: anyOf(ends('lan0', one ?? []), ends('lan1', other ?? [])),
    output: anyOf(ends('lan0', one ?? []), ends('lan1', other ?? []), ends('lo', here)),
  };
  const sources = anyOf(address('src', from), allOf(link('out', 'lo'), address('src', here)));
  const headers = [...new Set(protos)].map((proto) =>
    allOf(number('proto', proto), numbers('length', [[shortest(family, proto), 1500]])),
  );
  return [
    { about: 'a link', holds: hook === 'output' ? link('in', null) : anyOf(...arriving.map((name) => link('in', name))) },
    { about: 'a source', holds: sources },
    { about: 'a destination', holds: ways[hook] },
    { about: 'a protocol or length', holds: anyOf(...headers) },
    {
      about: 'a port',
      holds: anyOf(not(allOf(first, protocols(ported))), allOf(numbers('sport', [[1, 65_535]]), numbers('dport', [[1, 65_535]]))),
    },
    // Before INPUT, and where connections are tracked, the kernel puts fragments together.
    {
      about: 'a fragment',
      holds:
        tracking || hook === 'output' ? first : anyOf(first, allOf(not(number('proto', icmp)), numbers('length', [[64, 1500]]))),
    },
    { about: 'hops', holds: numbers('ttl', hook === 'forward' ? [[1, 254]] : [[0, 255]]) },
    { about: 'a station', holds: hook === 'output' ? always : stations },
    // What is routed on must be addressed to the firewall.
    { about: 'a type', holds: hook === 'input' ? always : number('pktType', 0) },
    { about: 'an owner', holds: hook === 'output' ? numbers('uid', [[0, kernelUid - 1]]) : always },
    { about: 'a state', holds: allOf(stateOfFirst(family, hook), unknownConnection) },
  ];
}

const stations = numbers(
  'mac',
  arriving.map((name) => [peerMac(name), peerMac(name)] as const).sort(([a], [b]) => a - b),
);

/** traffic.ts, stateOfFirst. */
export function stateOfFirst(family: Family, hook: Hook): Constraint {
  const [opening, unasked] =
    family === 4
      ? [[8, 13, 15, 17], []]
      : [
          [128, 139],
          [130, 131, 132, 133, 134, 135, 136, 143],
        ];
  const icmp = number('proto', family === 4 ? 1 : 58);
  const types = (of: readonly number[]): Constraint =>
    numbers(
      'icmpType',
      of.map((value) => [value, value] as const),
    );
  // Neither PSH nor URG counts.
  const opens = anyOf(...[2, 16].map((value): Constraint => ({ kind: 'bits', field: 'flags', mask: 23, value })));
  const news: Constraint[] = [
    allOf(number('proto', TCP), opens),
    allOf(icmp, types(opening)),
    ...(hook === 'output' ? [number('proto', UDPLITE)] : []),
    not(anyOf(number('proto', TCP), number('proto', UDPLITE), icmp)),
  ];
  const isNew = anyOf(...news);
  const isUnasked = allOf(icmp, types(unasked));
  return anyOf(
    allOf(isNew, stateIs('NEW')),
    allOf(isUnasked, stateIs('UNTRACKED')),
    allOf(not(isNew), not(isUnasked), stateIs('INVALID')),
  );
}

export const unknownConnection = allOf(
  number('direction', 0),
  { kind: 'bits', field: 'status', mask: 63, value: 0 },
  { kind: 'bits', field: 'connmark', mask: 0xffffffff, value: 0 },
);

/** Destinations that are not quite addresses of the host (traffic.ts, special). */
function special(family: Family): Constraint {
  const every = family === 4 ? [0xffffffffn, 0xe0000001n] : [(0xff02n << 112n) | 1n];
  const ofLink = arriving.flatMap((name, index) => {
    const own = family === 4 ? 0x0a090001n | (BigInt(index + 1) << 8n) : (0xfd09n << 112n) | (BigInt(index + 1) << 96n) | 1n;
    return [own, ...(family === 4 ? [own | 0xffn] : [])].map((value) => allOf(link('in', name), just('dst', value)));
  });
  return anyOf(...ofLink, ...every.map((value) => just('dst', value)));
}

type NumberField = Extract<Constraint, { kind: 'number' }>['field'];
type AddressField = Extract<Constraint, { kind: 'address' }>['field'];

function numbers(field: NumberField, ranges: Ranges<number>): Constraint {
  return { kind: 'number', field, ranges };
}

function number(field: NumberField, value: number): Constraint {
  return numbers(field, [[value, value]]);
}

function protocols(values: readonly number[]): Constraint {
  return numbers(
    'proto',
    values.map((value) => [value, value] as const),
  );
}

function just(field: AddressField, value: bigint): Constraint {
  return { kind: 'address', field, ranges: [[value, value]] };
}

function address(field: AddressField, nets: readonly Net[]): Constraint {
  return anyOf(
    ...nets.map(({ family, value, length }): Constraint => {
      const free = BigInt((family === 4 ? 32 : 128) - length);
      return { kind: 'address', field, ranges: [[value, value + (1n << free) - 1n]] };
    }),
  );
}

function link(field: 'in' | 'out', name: string | null): Constraint {
  return { kind: 'interface', field, name: name ?? '', prefix: false };
}

function stateIs(state: State): Constraint {
  return number('state', states.indexOf(state));
}
