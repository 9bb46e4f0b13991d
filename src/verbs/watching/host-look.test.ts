import { expect, test } from 'vitest';
import { createHostLook } from './host-look.ts';

/** As the kernel prints it, for two processors. */
function stat(dropped: readonly [number, number], early: readonly [number, number]): string {
  const hex = (number: number): string => number.toString(16).padStart(8, '0');
  const lines = [0, 1].map(
    (cpu) => `00000005  00000000 00000001 00000002 ${hex(dropped[cpu] as number)} ${hex(early[cpu] as number)}`,
  );
  return `entries  clashres found insert_failed drop early_drop\n${lines.join('\n')}\n`;
}

test('what the table of connections dropped since the last look is told, and how full it is', () => {
  let stats: string | null = stat([200, 3], [7, 0]);
  const text = (path: string): string | null =>
    path.endsWith('stat/nf_conntrack') ? stats : path.endsWith('_max') ? '100\n' : '5\n';
  const look = createHostLook({ fills: () => [], text });
  const fill = { kind: 'conntrack', entries: 5, limit: 100 };
  expect(look(1)).toEqual([{ ...fill, at: 1 }]);
  expect(look(2)).toEqual([{ ...fill, at: 2 }]);
  stats = stat([201, 13], [7, 2]);
  expect(look(3)).toEqual([
    { ...fill, at: 3 },
    { kind: 'conntrack-dropped', at: 3, packets: 11, evicted: 2 },
  ]);
  // A kernel that tells nothing of it, and one that begins anew.
  stats = null;
  expect(look(4)).toEqual([{ ...fill, at: 4 }]);
  stats = stat([1, 0], [0, 0]);
  expect(look(5)).toEqual([{ ...fill, at: 5 }]);
});

test('sets are told of, but for those of the policy; without connection tracking nothing of it is', () => {
  const fills = () => [
    { name: 'PALISADE-BAN4', members: 2, most: 10 },
    { name: 'PAL4-00112233445566778899', members: 10, most: 10 },
    { name: 'theirs', members: 3, most: 10 },
  ];
  expect(createHostLook({ fills, text: () => null })(1)).toEqual([
    { kind: 'set-fill', at: 1, set: 'PALISADE-BAN4', entries: 2, limit: 10, shutsOut: true },
    { kind: 'set-fill', at: 1, set: 'theirs', entries: 3, limit: 10, shutsOut: false },
  ]);
});
