import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Constraint, not } from '../model/packet/index.ts';
import { canonical } from './meaning.ts';

/** Small constraints over two numbers, so that all packets can be tried. */
const leaf: fc.Arbitrary<Constraint> = fc
  .tuple(
    fc.constantFrom('sport' as const, 'dport' as const),
    fc.array(fc.tuple(fc.nat(5), fc.nat(3)), { minLength: 1, maxLength: 2 }),
  )
  .map(([field, spans]) => ({ kind: 'number', field, ranges: spans.map(([lo, more]) => [lo, lo + more] as const) }));
const { constraint } = fc.letrec<{ constraint: Constraint }>((tie) => ({
  constraint: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('constraint'), { maxLength: 3 }).map((of): Constraint => ({ kind: 'all', of })),
    fc.array(tie('constraint'), { maxLength: 3 }).map((of): Constraint => ({ kind: 'any', of })),
    tie('constraint').map(not),
  ),
}));

interface Ports {
  readonly sport: number | null;
  readonly dport: number | null;
}

function matches(packet: Ports, part: Constraint): boolean {
  switch (part.kind) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'all':
      return part.of.every((one) => matches(packet, one));
    case 'any':
      return part.of.some((one) => matches(packet, one));
    case 'not':
      return !matches(packet, part.of);
    case 'number': {
      const value = part.field === 'sport' ? packet.sport : packet.dport;
      return value !== null && part.ranges.some(([lo, hi]) => lo <= value && value <= hi);
    }
    default:
      throw new Error(`${part.kind} is not made here`);
  }
}

/** Every pair of small ports, and packets that have none. */
const packets: readonly Ports[] = [null, ...Array(10).keys()].flatMap((sport) =>
  [null, ...Array(10).keys()].map((dport) => ({ sport, dport })),
);

describe('canonical', () => {
  it('writes a constraint that means the same', () => {
    fc.assert(
      fc.property(constraint, (given) => {
        const read = JSON.parse(canonical(given)) as Constraint;
        for (const packet of packets) if (matches(packet, given) !== matches(packet, read)) return false;
        return true;
      }),
    );
  });

  it('does not see order, nesting and repetition', () => {
    fc.assert(
      fc.property(fc.array(constraint, { minLength: 1, maxLength: 4 }), (of) => {
        const turned: Constraint = { kind: 'all', of: [{ kind: 'all', of: [...of].reverse() }, ...of] };
        return canonical({ kind: 'all', of }) === canonical(turned);
      }),
    );
  });
});
