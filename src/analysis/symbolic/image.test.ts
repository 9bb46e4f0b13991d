import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { all, type Node, none, within } from '../space/index.ts';
import { type Change, createSpace, type FieldName } from './index.ts';
import { affineSteps, type MarkChange } from './marks.ts';

const bits = [0, 1, 5];
const rows = bits.flatMap((bit) => [2 * bit, 2 * bit + 1]);

/** Sums of rows by chance: `sums[i]` names those that the row at place i becomes the sum of. */
const markChange: fc.Arbitrary<MarkChange> = fc
  .tuple(
    fc.array(fc.subarray(rows, { maxLength: 3 }), { minLength: rows.length, maxLength: rows.length }),
    fc.array(fc.boolean(), { minLength: rows.length, maxLength: rows.length }),
  )
  .map(([sums, flips]) => {
    const change: MarkChange = { ofMark: new Uint32Array(64), ofConnmark: new Uint32Array(64), flips: new Uint8Array(64) };
    for (const [place, row] of rows.entries()) {
      for (const of of sums[place] ?? []) {
        const masks = of % 2 === 0 ? change.ofMark : change.ofConnmark;
        masks[row] = ((masks[row] as number) | (1 << (of >> 1))) >>> 0;
      }
      change.flips[row] = flips[place] === true ? 1 : 0;
    }
    return change;
  });

it('a change of marks is the steps that it is taken apart into', () => {
  const told = fc.array(fc.nat(1), { minLength: rows.length, maxLength: rows.length });
  fc.assert(
    fc.property(markChange, told, (change, values) => {
      const old = new Map(rows.map((row, place) => [row, values[place] as number]));
      const now = new Map(old);
      for (const step of affineSteps(change, bits)) {
        const before = now.get(step.row) as number;
        if (step.kind === 'clear') now.set(step.row, 0);
        else if (step.kind === 'flip') now.set(step.row, before ^ 1);
        else if (step.kind === 'add') now.set(step.row, before ^ (now.get(step.by) as number));
      }
      for (const row of rows) {
        let sum = change.flips[row] as number;
        for (const of of rows) {
          const masks = of % 2 === 0 ? change.ofMark : change.ofConnmark;
          if ((((masks[row] as number) >>> (of >> 1)) & 1) === 1) sum ^= old.get(of) as number;
        }
        expect(now.get(row)).toBe(sum);
      }
    }),
    { numRuns: 500 },
  );
});

const rules = parseRuleset(
  `*mangle
:PREROUTING ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A PREROUTING -s 192.0.2.0/24 -m mark --mark 0x21/0x23 -j TTL --ttl-dec 1
-A PREROUTING -d 192.0.2.7 -p tcp --dport 80 -m connmark --mark 0x2/0x23 -j DSCP --set-dscp 1
-A PREROUTING -m string --string "one" --algo bm -j DSCP --set-dscp 2
-A FORWARD -m ttl --ttl-lt 3 -m string --string "two" --algo bm -m limit --limit 1/s -j DROP
COMMIT
`,
  { file: 'made', family: 4 },
);
if (!rules.ok) throw new Error(rules.problems[0]?.message);
const nothing = { sets: null, links: null, addresses: null, routes: null, listeners: null };
const space = createSpace(4, [{ ruleset: rules.value, surroundings: nothing }]);
const { diagram, layout, changes, image } = space;
// Names every match.
space.firewalls[0]?.way('forward');

const fields: readonly FieldName[] = ['src', 'dst', 'dport', 'ttl'];

const set: fc.Arbitrary<Node> = fc
  .array(
    fc.tuple(
      ...fields.map((field) => {
        const { size } = layout.axis(field);
        return fc.option(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)));
      }),
      fc.array(fc.option(fc.boolean()), { maxLength: rows.length }),
      fc.array(fc.option(fc.boolean()), { maxLength: layout.variables.length }),
    ),
    { maxLength: 4 },
  )
  .map((boxes) => boxes.reduce<Node>((union, box) => diagram.first(union, boxOf(box as Box)), none));

type Box = readonly [...(readonly [number, number] | null)[], readonly (boolean | null)[], readonly (boolean | null)[]];

function boxOf(box: Box): Node {
  let made: Node = all;
  for (const [place, field] of fields.entries()) {
    const ends = box[place] as readonly [number, number] | null;
    if (ends === null) continue;
    made = diagram.mask(made, within(diagram, layout.axis(field), Int32Array.of(Math.min(...ends), Math.max(...ends))));
  }
  const [marks, variables] = box.slice(fields.length) as [readonly (boolean | null)[], readonly (boolean | null)[]];
  for (const [place, bit] of marks.entries()) {
    const row = rows[place] as number;
    made = held(made, layout.markLevel(row % 2 === 0 ? 'mark' : 'connmark', row >> 1), bit);
  }
  for (const [place, bit] of variables.entries()) made = held(made, layout.firstVariable + place, bit);
  return made;
}

function held(within: Node, level: number, bit: boolean | null): Node {
  if (bit === null) return within;
  return diagram.mask(bit ? diagram.make(level, none, all) : diagram.make(level, all, none), within);
}

const change: fc.Arbitrary<Change> = fc
  .record({
    marks: fc.option(markChange),
    rewrites: fc.nat(2),
    dst: fc.option(fc.nat(layout.axis('dst').size - 1)),
    ttl: fc.option(fc.integer({ min: -3, max: 3 })),
  })
  .map(({ marks, rewrites, dst, ttl }) =>
    changes.of({
      marks,
      rewrites,
      fields: new Map([
        ...(dst === null ? [] : [['dst', { kind: 'to', code: dst }] as const]),
        ...(ttl === null
          ? []
          : [
              [
                'ttl',
                { kind: 'map', codes: Int32Array.from({ length: 256 }, (_, code) => Math.min(255, Math.max(0, code + ttl))) },
              ] as const,
            ]),
      ]),
    }),
  );

it('what becomes of packets is in a set exactly where some of them come to be in it', () => {
  let met = 0;
  fc.assert(
    fc.property(set, set, change, (packets, target, how) => {
      const forwards = diagram.mask(image(packets, how), target) !== none;
      const backwards = diagram.mask(packets, changes.before(target, how)) !== none;
      if (forwards && target !== all) met += 1;
      expect(forwards).toBe(backwards);
    }),
    { numRuns: 600 },
  );
  expect(met).toBeGreaterThan(30);
});
