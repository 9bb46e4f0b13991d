import { describe, expect, it } from 'vitest';
import type { DiffJson } from '../../verbs/index.ts';
import { regionWords } from '../../verbs/region-words.ts';
import { whole } from './diff.ts';
import type { View } from './view.ts';

const view: View = { columns: null, paint: (_, text) => text };

const policy = { family: 4, table: 'filter', chain: 'INPUT', rule: 'policy' } as const;
const way = { undecided: null, share: 0, left: 0, differences: [] };
const diff: DiffJson = {
  before: 'old.v4',
  after: 'live',
  families: [
    {
      family: 4,
      rewrites: {
        differences: [
          {
            table: 'nat',
            chain: 'PREROUTING',
            region: { where: [{ field: 'dport', not: false, values: ['80'] }], matches: [], dependsOn: [], share: 0.1 },
            before: 'dst 192.0.2.1',
            after: 'unchanged',
          },
        ],
        more: true,
      },
      ways: [
        {
          ...way,
          hook: 'input',
          equal: false,
          share: 0.5,
          left: 0.1,
          differences: [
            {
              kind: 'newly-allowed',
              region: {
                where: [
                  { field: 'proto', not: false, values: ['tcp'] },
                  { field: 'dport', not: false, values: ['22', '80-81'] },
                ],
                matches: [],
                dependsOn: [],
                share: 0.4,
              },
              before: { verdict: 'REJECT', answer: 'tcp-reset', decidedBy: { ...policy, rule: 7 }, line: 12, others: 2 },
              after: { verdict: 'ACCEPT', answer: null, decidedBy: null, line: null, others: 0 },
              witness: null,
            },
          ],
        },
        { ...way, hook: 'forward', equal: true },
        { ...way, hook: 'output', equal: null, undecided: 'more than 40,000,000 nodes' },
      ],
    },
  ],
  assumed: ['the nft chain inet x y also sees packets; what it does is not compared'],
  unknown: [{ what: 'the IPv6 rules of live', why: 'they may not be read', remedy: 'become root' }],
};

describe('diff', () => {
  it('says what changes, what does not, and what is not known', () => {
    expect(whole(diff, view)).toMatchInlineSnapshot(`
      "old.v4 → live: 2 kinds of packets are treated differently.

      IPv4, input
        CHANGE         PACKETS                  BEFORE                                                                AFTER
        newly allowed  tcp to port 22 or 80-81  REJECT with tcp-reset by filter INPUT rule 7, line 12, and by 2 more  ACCEPT, there is no rule and no policy
        Smaller regions that are not listed: 20 % of these packets; --most lists more.
      IPv4, output: undecided, more than 40,000,000 nodes.

      IPv4, translated or marked differently
        CHAIN           PACKETS                  BEFORE         AFTER
        nat PREROUTING  any protocol to port 80  dst 192.0.2.1  unchanged
        There are more; --most lists them.

      Equal for every packet: IPv4 forward.
      taken for granted: the nft chain inet x y also sees packets; what it does is not compared
      unknown: the IPv6 rules of live: they may not be read; become root
      "
    `);
  });

  it('says so where nothing changes', () => {
    const same = {
      ...diff,
      families: [
        {
          family: 4 as const,
          rewrites: { differences: [], more: false },
          ways: [{ ...way, hook: 'input' as const, equal: true }],
        },
      ],
      assumed: [],
      unknown: [],
    };
    expect(whole(same, view)).toMatchInlineSnapshot(`
      "old.v4 → live: every packet is treated alike.

      Equal for every packet: IPv4 input.
      "
    `);
  });
});

describe('a region', () => {
  const field = (name: string, values: readonly string[], not = false) => ({ field: name, not, values: [...values] });
  it.each([
    [[], 'every packet'],
    [[field('src', ['10.0.0.0/8'])], 'any protocol from 10.0.0.0/8'],
    [[field('proto', ['tcp', 'udp'])], 'tcp or udp'],
    [[field('proto', ['tcp'], true), field('dst', ['192.0.2.1'], true)], 'any protocol but tcp to anywhere but 192.0.2.1'],
    [
      [field('proto', ['tcp']), field('dport', ['1', '3', '5', '7', '9', '11', '13', '15'])],
      'tcp to port 1, 3, 5, 7, 9 or 11 and 2 more',
    ],
    [
      [field('proto', ['tcp']), field('sport', ['1'], true), field('in', ['lo'], true)],
      'tcp from any port but 1 arriving on any link but lo',
    ],
    [[field('out', ['wg0']), field('state', ['NEW'])], 'any protocol leaving by wg0 in state NEW'],
    [
      [field('proto', ['tcp']), field('flags', ['SYN,!ACK']), field('fragment', ['first'])],
      'tcp with flags SYN,!ACK but later fragments',
    ],
  ])('%j is %s', (where, words) => {
    expect(regionWords({ where, matches: [], dependsOn: [] })).toBe(words);
  });

  it('names the matches that it hangs on', () => {
    expect(regionWords({ where: [], matches: [{ text: '-m limit --limit 1/sec', holds: false }], dependsOn: [] })).toBe(
      'every packet, if -m limit --limit 1/sec does not hold',
    );
    expect(regionWords({ where: [], matches: [], dependsOn: ['-m a', '-m b'] })).toBe('every packet, depending on -m a, -m b');
  });
});
