import fc from 'fast-check';
import type { Family } from '../model/net/index.ts';
import { type Packet, states } from '../model/packet/index.ts';

const words = {
  4: ['192.0.2.7', '192.0.2.0/28', '10.1.2.3', '10.0.0.0/9', '198.51.100.0-198.51.100.9', '203.0.113.128/25', '0.0.0.0/0'],
  6: ['2001:db8::7', '2001:db8:1::/48', 'fd00:1::5', 'fc00::/8', '2001:db8::1-2001:db8::ff', '::/0'],
};
const both = [...words[4], ...words[6]];
const sets: Readonly<Record<string, readonly string[]>> = {
  admins: ['192.0.2.7', '2001:db8:1::/64', '10.9.0.0/16'],
  many: Array.from({ length: 12 }, (_, index) => `198.51.100.${index * 8}/30`).concat(['2001:db8:5::/64']),
  hosts: Array.from({ length: 11 }, (_, index) => `203.0.113.${index * 3}`),
  none: [],
};
const services = [
  'ssh',
  'http',
  'dns',
  'ping',
  'ipsec',
  '8000-8010/tcp',
  '53/udp',
  'gre',
  'tcp',
  'icmp',
  'icmpv6',
  'icmp:3/0',
  'icmpv6:135',
  '1-65535/udp',
  'any',
];
const links = ['eth0', 'eth1', 'wg+'];

const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined, freq: 2 });
const endpoint = fc.oneof(
  fc.constantFrom('anyone', ...Object.keys(sets), ...both),
  fc.uniqueArray(fc.constantFrom(...Object.keys(sets), ...both), { minLength: 1, maxLength: 3 }),
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(sets), ...both), { minLength: 1, maxLength: 3 })
    .map((list) => ({ 'anyone-except': list })),
);
const link = fc.oneof(fc.constantFrom(...links), fc.uniqueArray(fc.constantFrom(...links), { minLength: 1, maxLength: 2 }));
const service = fc.oneof(
  fc.constantFrom(...services),
  fc.uniqueArray(fc.constantFrom(...services.filter((word) => word !== 'any')), { minLength: 1, maxLength: 6 }),
);
const ending = fc.constantFrom('accept', 'drop', 'reject');

const beyond = fc.constantFrom('drop', 'reject', 'accept', 'next');
const per = fc.constantFrom('source', 'all');
const limit = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .record({ new: fc.integer({ min: 1, max: 20 }), within: fc.constantFrom('1s', '60s', '7m', '1d'), per, beyond })
      .map((of) => ({ 'at-most': of })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ packets: fc.constantFrom('100/s', '5/m'), per, beyond: fc.constantFrom('drop', 'reject') })
      .map((of) => ({ rate: of })),
  },
);

/** What few policies say; `limited`: also what hangs on the host, which no packet says. */
function more(limited: boolean, list: 'incoming' | 'forwarded' | 'outgoing'): fc.Arbitrary<Record<string, unknown>> {
  const one: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
    fc.constantFrom('ipv4', 'ipv6').map((family) => ({ family })),
    fc
      .uniqueArray(fc.constantFrom('new', 'established', 'related', 'invalid', 'untracked'), { minLength: 1 })
      .map((state) => ({ state })),
    fc.constantFrom(64, 255).map((hops) => ({ hops })),
    fc.constantFrom('lo', 'eth0', 'wg+').map((name) => ({ [list === 'outgoing' ? 'out' : 'via']: { 'any-except': name } })),
    ...(limited
      ? [
          fc.constantFrom('local', 'multicast').map((kind) => ({ 'to-kind': kind })),
          fc.constantFrom('broadcast').map((kind) => ({ 'from-kind': kind, family: 'ipv4' })),
          fc.constant({ helper: 'ftp' }),
        ]
      : []),
  );
  return fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 2, arbitrary: one });
}

/** Of TCP and UDP alone. */
const ofPorts: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { 'from-port': '1024-65535' },
      { 'from-port': ['67', '546-547'] },
      { flags: 'SYN of FIN,SYN,RST,ACK' },
      { flags: 'not none of SYN,ACK' },
    ),
  },
);

/** @param limited some of them take no more than so much */
function rule(limited: boolean, list: 'incoming' | 'forwarded' | 'outgoing') {
  return fc
    .record({
      verb: fc.constantFrom('allow', 'allow', 'deny', 'reject'),
      what: service,
      from: maybe(endpoint),
      to: maybe(endpoint),
      via: list === 'outgoing' ? fc.constant(undefined) : maybe(link),
      out: list === 'incoming' ? fc.constant(undefined) : maybe(link),
      most: limited ? limit : fc.constant({}),
      log: maybe(fc.boolean()),
      few: more(limited, list),
      ports: ofPorts,
      upTo: limited
        ? maybe(fc.constantFrom({ 'up-to': '3/minute' }, { 'up-to': '10/second', burst: 20 }))
        : fc.constant(undefined),
      answer: fc.constantFrom(undefined, undefined, 'port-unreachable', 'admin-prohibited'),
    })
    .map(({ verb, what, most, few, ports, upTo, answer, ...rest }) => {
      const isFree = !('at-most' in most) && !('rate' in most);
      return {
        [verb]: Object.keys(ports).length > 0 ? 'tcp' : what,
        ...rest,
        ...few,
        ...ports,
        ...(verb === 'allow' && most),
        ...((verb !== 'allow' || isFree) && upTo),
        ...(verb === 'reject' && { answer }),
      };
    });
}

type Shape = Record<string, unknown>;

/** Rules, and now and then groups of them. */
function items(limited: boolean, list: 'incoming' | 'forwarded' | 'outgoing', maxLength: number): fc.Arbitrary<readonly Shape[]> {
  const plain: fc.Arbitrary<Shape> = rule(limited, list);
  const said = fc.record({ what: service, from: maybe(endpoint), few: more(limited, list) });
  const inner: fc.Arbitrary<Shape> = fc.oneof(
    { weight: 4, arbitrary: plain },
    { weight: 1, arbitrary: said.map(({ what, from, few }) => ({ leave: what, from, ...few })) },
    { weight: 1, arbitrary: said.map(({ what, few }) => ({ log: what, 'up-to': '5/minute', prefix: 'seen: ', ...few })) },
  );
  const group = (inside: fc.Arbitrary<Shape>): fc.Arbitrary<Shape> =>
    fc
      .record({
        said,
        rules: fc.array(inside, { maxLength: 4 }),
        leaves: fc.boolean(),
        note: maybe(fc.constantFrom('one', 'two')),
      })
      .map(({ said: { what, from, few }, rules, leaves, note }) => ({
        group: what,
        from,
        ...few,
        rules,
        note,
        ...(leaves && { rest: 'leave' }),
      }));
  return fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: plain },
        { weight: 1, arbitrary: group(fc.oneof({ weight: 4, arbitrary: inner }, { weight: 1, arbitrary: group(inner) })) },
      ),
      {
        maxLength,
      },
    )
    .map((all) => (all.some((one) => 'group' in one) ? all.map(withoutRate) : all));
}

/** No rate stands beside groups. */
function withoutRate({ rate: _rate, rules, ...rest }: Shape): Shape {
  return { ...rest, ...(rules !== undefined && { rules: (rules as readonly Shape[]).map(withoutRate) }) };
}

/** Policies by chance, as the text of their files. */
export function policyText(limited: boolean): fc.Arbitrary<string> {
  return (
    fc
      .record({
        palisade: fc.constant(1),
        otherwise: fc.record({ incoming: ending, forwarded: ending, outgoing: ending }),
        basics: fc.record({
          loopback: fc.boolean(),
          // New connections are told from others by tracking.
          established: limited ? fc.constant(true) : fc.boolean(),
          icmp: fc.boolean(),
          dhcp: fc.boolean(),
        }),
        sets: fc.constant(sets),
        incoming: items(limited, 'incoming', 6),
        forwarded: items(limited, 'forwarded', 4),
        outgoing: items(limited, 'outgoing', 4),
        log: maybe(fc.constant({ dropped: '5/minute' })),
        protect: fc.record({
          bogons: fc.oneof(fc.boolean(), fc.constant({ via: 'eth0' })),
          'bad-flags': fc.boolean(),
          'new-not-syn': fc.boolean(),
          'syn-flood': limited ? fc.boolean() : fc.constant(false),
          'early-drop': limited ? fc.boolean() : fc.constant(false),
        }),
      })
      // What leaves a list is not rejected.
      .map((shape) =>
        JSON.stringify(
          shape.incoming.concat(shape.forwarded, shape.outgoing).some((one) => one['rest'] === 'leave')
            ? { ...shape, otherwise: { incoming: 'drop', forwarded: 'accept', outgoing: 'drop' } }
            : shape,
        ),
      )
  );
}

const addresses: Readonly<Record<Family, readonly bigint[]>> = {
  4: [
    0xc0000207n,
    0xc0000208n,
    0xc0000210n,
    0x0a010203n,
    0x0a090001n,
    0x0a800001n,
    0xc6336409n,
    0xc633640an,
    0xc6336421n,
    0xcb007103n,
    0xcb007180n,
    0x08080808n,
  ],
  6: [
    0x20010db8_00000000_00000000_00000007n,
    0x20010db8_00010000_00000000_00000001n,
    0x20010db8_00050000_00000000_00000001n,
    0xfd000001_00000000_00000000_00000005n,
    0xfc000000_00000000_00000000_00000005n,
    0xfe800000_00000000_00000000_00000002n,
    0x26000000_00000000_00000000_00000001n,
  ],
};

/** Packets at the edges of what such policies say. */
export const packet: fc.Arbitrary<Packet> = fc.constantFrom<Family>(4, 6).chain((family) => {
  const address = fc.constantFrom(...addresses[family]);
  const any = fc.constantFrom('eth0', 'eth1', 'wg0', 'wg1', 'lo', 'docker0');
  return fc
    .record({
      hook: fc.constantFrom('input' as const, 'forward' as const, 'output' as const),
      in: any,
      out: any,
      src: address,
      dst: address,
      proto: fc.constantFrom(6, 6, 17, 17, family === 4 ? 1 : 58, 47, 50),
      sport: fc.constantFrom(40_000, 67, 547, 68, 546),
      dport: fc.constantFrom(22, 80, 53, 8000, 8005, 8010, 8011, 500, 68, 546, 67, 547, 1, 65_535),
      icmpType: fc.constantFrom(0, 3, 8, 128, 135, 129, 12),
      flags: fc.constantFrom(2, 18, 16, 0, 3, 41, 6, 4, 1),
      ttl: fc.constantFrom(64, 255),
      state: fc.constantFrom('NEW' as const, 'NEW' as const, ...states),
    })
    .map(({ hook, proto, ...rest }): Packet => {
      const isIcmp = proto === 1 || proto === 58;
      const hasPorts = proto === 6 || proto === 17;
      return {
        family,
        hook,
        proto,
        in: hook === 'output' ? null : rest.in,
        out: hook === 'input' ? null : rest.out,
        src: rest.src,
        dst: rest.dst,
        sport: hasPorts ? rest.sport : null,
        dport: hasPorts ? rest.dport : null,
        icmpType: isIcmp ? rest.icmpType : null,
        icmpCode: isIcmp ? 0 : null,
        flags: proto === 6 ? rest.flags : 0,
        state: rest.state,
        status: 0,
        direction: 'original',
        original: null,
        mark: 0,
        connmark: 0,
        length: 60,
        ttl: rest.ttl,
        fragment: false,
        mac: null,
      };
    });
});
