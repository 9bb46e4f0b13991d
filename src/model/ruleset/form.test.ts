import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Family } from '../net/index.ts';
import { parseRuleset, printRuleset, type Ruleset } from './index.ts';
import { isPlainValue } from './plain-value.ts';
import { readNetwork } from './values/address.ts';
import { readPort } from './values/port.ts';

/**
 * Rules that are like earlier ones are not taken apart again. That must never show: a file of several rules is read
 * exactly as its rules are each in a file of its own, where no other rule is an example.
 */
const root = join(import.meta.dirname, '../../../testdata/rulesets');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (path) => /(nft|legacy)-v[46]\.save$/.test(path) && !path.startsWith('quirks-newline'),
);
const pools: Readonly<Record<Family, readonly string[]>> = { 4: poolOf('4'), 6: poolOf('6') };

/** Chains of those files' own; jumps to what is no chain are found at the end of a table only. */
const declared = new Set(
  files.flatMap((path) => [...readFileSync(join(root, path), 'latin1').matchAll(/^:(\S+) - /gm)].map(([, name = '']) => name)),
);

function poolOf(family: string): string[] {
  const texts = files.filter((path) => path.endsWith(`v${family}.save`)).map((path) => readFileSync(join(root, path), 'latin1'));
  const filters = texts.flatMap((text) => /^\*filter\n([\s\S]*?)^COMMIT$/m.exec(text)?.[1] ?? '');
  return [...new Set(filters.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('-A ')))].sort();
}

/** Values that may replace a word or be put beside one: good, bad, and good in an odd spelling. */
const values = [
  ...[
    '10.0.0.1',
    '10.0.0.1/32',
    '10.0.0.1/33',
    '010.0.0.1',
    '10.1',
    '256.0.0.1',
    '1.2.3.4/255.0.0.0',
    '1.2.3.4,5.6.7.8',
    '1.2.3.4/',
  ],
  ...[
    'fe80::/10',
    '::',
    '::1/128',
    '1::2::3',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8:9',
    '::/129',
    '::1.2.3.4',
    ':1::',
    '1:',
    '12345::',
  ],
  ...['0', '22', '022', '65535', '65536', '99999', '1:2', '2:1', ':', 'ssh', 'nosuch', '-1', '0x16', '"22"'],
  ...['eth0', 'eth+', '+', '-i', 'a-very-long-name0', 'wg0.1', 'lo', 'br-0123456789ab', '"eth 0"', '!', 'x"y"'],
  ...['ACCEPT', 'DROP', 'LOG', 'OWN', 'OTHER', 'INPUT', '-j', '-g', '-A', 'tcp', 'udp', 'all', '6', '-s', '-p'],
  ...[
    '"a comment"',

    `"${'c'.repeat(255)}"`,
    `"${'c'.repeat(256)}"`,
    'c'.repeat(254),
    'c'.repeat(256),
    '""',
    '--comment',
    '-m',
  ],
];

const lines = (family: Family) =>
  fc
    .array(
      fc.tuple(
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 2 }),
        fc.constantFrom('INPUT', 'FORWARD', 'OUTPUT', 'OWN', 'OTHER'),
        fc.integer({ min: 1, max: 3 }),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((picks) =>
      picks.flatMap(([pick, edits, chain, copies]) => {
        const words = (pools[family][pick % pools[family].length] ?? '').match(/"(?:[^"\\]|\\.)*"|[^ ]+/g) ?? [];
        words[1] = chain;
        const plain = words.join(' ');
        for (const [at, value, replace] of edits)
          words.splice(2 + (at % (words.length - 1)), replace ? 1 : 0, values[value % values.length] ?? '');
        // The unchanged rule first, so that the changed one has an example to be taken for.
        return [...Array.from({ length: copies }, () => plain), words.join(' '), words.join(' ')];
      }),
    );

const chains = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:OWN - [0:0]\n:OTHER - [0:0]\n';

function read(family: Family, rules: readonly string[]): { readonly ruleset: Ruleset | null; readonly said: string } {
  const named = rules.flatMap((rule) => [...rule.matchAll(/ -[jg] (\S+)/g)].map(([, name = '']) => name));
  const more = [...new Set(named)].filter((name) => declared.has(name)).map((name) => `:${name} - [0:0]\n`);
  const text = `${chains}${more.join('')}${rules.join('\n')}\nCOMMIT\n`;
  const parsed = parseRuleset(text, { file: 'F', family });
  if (parsed.ok) return { ruleset: parsed.value, said: 'fine' };
  const [{ at, message, hint }] = parsed.problems as [(typeof parsed.problems)[number]];
  return { ruleset: null, said: `${at?.column} ${message} ${hint}` };
}

/** How the only rule of a file, or each of many, was understood: its words, and how each prints. */
function understood(ruleset: Ruleset): string[] {
  return (ruleset.tables[0]?.rules ?? []).map((rule) => {
    const ends = Array.from(
      ruleset.tokens.slice(2 * rule.firstToken, 2 * (rule.firstToken + rule.tokenCount)),
      (at) => at - rule.start,
    );
    const kinds = ruleset.roles.slice(rule.firstToken, rule.firstToken + rule.tokenCount);
    return `${rule.chain} ${rule.part} ${ends.join()} ${kinds.join()} ${ruleset.text.slice(rule.start, rule.end)}`;
  });
}

describe('a rule that is like an earlier one', () => {
  it.each([4, 6] as const)('is read as it is when it stands alone, IPv%i', { timeout: 120_000 }, (family) => {
    let good = 0;
    let bad = 0;
    fc.assert(
      fc.property(lines(family), (rules) => {
        const together = read(family, rules);
        const alone = rules.map((rule) => read(family, [rule]));
        const bads = alone.filter(({ ruleset }) => ruleset === null);
        // Whether a chain is there is looked at last.
        const firstBad = bads.find(({ said }) => !said.includes(' is neither a chain of ')) ?? bads[0];
        expect(together.said).toBe(firstBad?.said ?? 'fine');
        if (together.ruleset === null) {
          bad += 1;
          return;
        }
        good += 1;
        expect(understood(together.ruleset)).toEqual(
          alone.flatMap(({ ruleset }) => (ruleset === null ? [] : understood(ruleset))),
        );
        expect(printRuleset(together.ruleset)).toContain(alone.map(({ ruleset }) => rulesIn(ruleset)).join(''));
      }),
      { seed: 20_260_201, numRuns: 3000 },
    );
    expect(good).toBeGreaterThan(300);
    expect(bad).toBeGreaterThan(300);
  });

  it('is no example for a chain with the name of a built-in one', () => {
    const text = `${chains}-A OWN -i eth0 -j DROP\n-A INPUT -i eth0 -j DROP\n-A OUTPUT -i eth0 -j DROP\nCOMMIT\n`;
    const parsed = parseRuleset(text, { file: 'F', family: 4 });
    expect(parsed.ok ? '' : parsed.problems[0]).toMatchObject({
      at: { line: 9, column: 14 },
      message: '-i cannot stand in OUTPUT',
    });
  });

  it('is no example after a chain with the name of its target was declared', () => {
    const text = `${chains}-A OWN -j LOG\n:LOG - [0:0]\n-A OWN -j LOG\nCOMMIT\n`;
    const parsed = parseRuleset(text, { file: 'F', family: 4 });
    expect(parsed.ok ? '' : parsed.problems[0]).toMatchObject({ at: { line: 9, column: 11 } });
  });

  it('has its own counters', () => {
    const text = `${chains}[1:2] -A OWN -j DROP\n[18446744073709551615:4] -A OWN -j DROP\n-A OWN -j DROP\nCOMMIT\n`;
    const parsed = parseRuleset(text, { file: 'F', family: 4 });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.value.tables[0]?.rules.map(({ counters }) => counters?.packets ?? null)).toEqual([
      1n,
      18446744073709551615n,
      null,
    ]);
    expect(printRuleset(parsed.value)).toBe(text);
  });
});

function rulesIn(ruleset: Ruleset | null): string {
  const printed = ruleset === null ? '' : printRuleset(ruleset);
  return printed.slice(printed.lastIndexOf(' [0:0]\n') + 7, -'COMMIT\n'.length);
}

describe('a plain value', () => {
  const spelled = fc.array(
    fc.constantFrom(...'0123456789', '0', '25', '255', '256', '.', '.', '/', ':', '::', 'f', 'fe80', 'g', '-', ''),
    {
      maxLength: 16,
    },
  );
  it('is one that is good when it is read', () => {
    const plain = { 4: 0, 6: 0, port: 0 };
    fc.assert(
      fc.property(
        fc.oneof(
          spelled.map((parts) => parts.join('')),
          fc.tuple(fc.ipV4(), fc.nat({ max: 40 })).map(([address, length]) => `${address}/${length}`),
          fc.tuple(fc.ipV6(), fc.nat({ max: 140 })).map(([address, length]) => `${address}/${length}`),
        ),
        (text) => {
          const at = 3;
          const within = `-s ${text} -j`;
          for (const family of [4, 6] as const) {
            if (!isPlainValue('address', within, at, at + text.length, family)) continue;
            plain[family] += 1;
            expect(readNetwork(text, family), text).not.toBeUndefined();
          }
          if (isPlainValue('port', within, at, at + text.length, 4)) {
            plain.port += 1;
            expect(readPort(text), text).toBe(Number(text));
          }
        },
      ),
      { seed: 20_260_202, numRuns: 20_000 },
    );
    for (const count of Object.values(plain)) expect(count).toBeGreaterThan(50);
  });

  it.each([
    ['10.0.0.0/8', 4],
    ['0.0.0.0/0', 4],
    ['fe80::/10', 6],
    ['::', 6],
    ['::1', 6],
    ['1::', 6],
    ['2001:db8:0:1:2:3:4:5/64', 6],
    ['::/0', 6],
  ] as const)('%s is one', (text, family) => {
    expect(isPlainValue('address', text, 0, text.length, family)).toBe(true);
  });
});
