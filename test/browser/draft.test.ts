import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ctStatus, type Packet, packetFromJson, packetToJson, states, tcpFlags } from '../../src/model/packet/index.ts';
import { packet as packetShape } from '../../src/verbs/shapes.ts';
import { trace } from '../../src/verbs/trace.ts';
import { commandOf, draftOf, emptyDraft, packetOf } from '../../web/src/draft.ts';

const address = (bits: number) => fc.bigInt({ min: 1n, max: (1n << BigInt(bits)) - 1n });
const port = fc.integer({ min: 0, max: 65_535 });
const bitsOf = (table: Readonly<Record<string, number>>) =>
  fc.integer({ min: 0, max: Object.values(table).reduce((sum, bit) => sum | bit) });

const packets: fc.Arbitrary<Packet> = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    hook: fc.constantFrom('input' as const, 'forward' as const, 'output' as const),
    kind: fc.constantFrom('tcp', 'udp', 'icmp', 'gre'),
    link: fc.constantFrom('eth0', 'br-1f2e', 'tun+'),
    low: address(32),
    high: address(128),
    sport: port,
    dport: port,
    type: fc.integer({ min: 0, max: 255 }),
    flags: bitsOf(tcpFlags),
    status: bitsOf(ctStatus),
    state: fc.constantFrom(...states),
    direction: fc.constantFrom('original' as const, 'reply' as const),
    mark: fc.integer({ min: 0, max: 0xffff_ffff }),
    connmark: fc.integer({ min: 0, max: 0xffff_ffff }),
    length: port,
    ttl: fc.integer({ min: 0, max: 255 }),
    mac: fc.option(fc.integer({ min: 0, max: 2 ** 48 - 1 })),
    original: fc.boolean(),
  })
  .map((made): Packet => {
    const { family, hook, kind, link } = made;
    const [src, dst] = family === 4 ? [made.low, made.high & 0xffff_ffffn] : [made.high, made.low];
    const ports = kind === 'tcp' || kind === 'udp' ? { sport: made.sport, dport: made.dport } : { sport: null, dport: null };
    return {
      family,
      hook,
      src,
      dst,
      ...ports,
      in: hook === 'output' ? null : link,
      out: hook === 'input' ? null : link,
      proto: kind === 'tcp' ? 6 : kind === 'udp' ? 17 : kind === 'gre' ? 47 : family === 4 ? 1 : 58,
      icmpType: kind === 'icmp' ? made.type : null,
      icmpCode: kind === 'icmp' ? made.type : null,
      flags: kind === 'tcp' ? made.flags : 0,
      state: made.state,
      status: made.status,
      direction: made.direction,
      original: made.original ? { src: dst, dst: src, ...ports } : null,
      mark: made.mark,
      connmark: made.connmark,
      length: made.length,
      ttl: made.ttl,
      fragment: false,
      mac: made.mac,
    };
  });

test('a packet that goes through the form is the same packet', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const shown = packetShape.parse(packetToJson(packet));
      const sent = JSON.parse(JSON.stringify(packetOf(draftOf(shown), '192.0.2.1'))) as unknown;
      expect(packetFromJson(sent, { link: 'other' })).toEqual({ ok: true, value: packet });
    }),
    { numRuns: 2000 },
  );
});

test('a form that is left blank asks with the defaults', () => {
  const packet = packetOf({ ...emptyDraft, src: ' 203.0.113.9 ', dport: '22' }, '198.51.100.10');
  expect(packet).toEqual({
    hook: 'input',
    state: 'NEW',
    proto: 'tcp',
    src: '203.0.113.9',
    dst: '198.51.100.10',
    dport: 22,
    flags: ['SYN'],
  });
  expect(packetFromJson(packet, { link: 'eth0' })).toMatchObject({ ok: true, value: { sport: 40_000, ttl: 64, in: 'eth0' } });
  expect(packetOf({ ...emptyDraft, hook: 'output', src: '198.51.100.10' }, '198.51.100.10')).not.toHaveProperty('dst');
});

test('the command that asks the same has only flags that palisade trace knows', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const sent = packetOf(draftOf(packetShape.parse(packetToJson(packet))), '');
      const command = commandOf(sent);
      // The command line has no flags for an original tuple, status, direction or the connection's mark.
      const unsayable = ['status', 'original', 'direction', 'connmark'].some((field) => field in sent);
      expect(command === null).toBe(unsayable);
      for (const [, flag = ''] of command?.matchAll(/ --([a-z-]+) /g) ?? []) {
        expect(Object.keys(trace.input.shape)).toContain(flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()));
      }
    }),
  );
});

test('what a shell would take apart stands in quotes', () => {
  expect(commandOf({ hook: 'input', in: "a'b; rm *" })).toBe(`palisade trace --hook input --in 'a'\\''b; rm *'`);
});
