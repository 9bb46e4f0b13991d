import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRuleset, printRuleset, type Ruleset, ruleMeaning, unreadTables } from './index.ts';

/**
 * Save files that other programs' firewalls left in a real kernel (testdata/rulesets/README.md tells how).
 * A file's name says what it is: `<backend>-v<family>[-c].save`, `-c` with counters, one folder an origin.
 */
const root = join(import.meta.dirname, '../../../testdata/rulesets');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /(?:nft|legacy)-v[46](?:-c)?\.save$/.test(path))
  .sort();

/**
 * Extensions in these files that palisade keeps verbatim but does not understand, and why. Whatever is missing here and
 * turns up is a gap; whatever stands here and no longer turns up is to be removed.
 */
const notUnderstood: ReadonlyMap<string, string> = new Map([]);

/** Files in which comments hold line ends, so that physical lines are not rules: how many rules the kernel held. */
const smuggled: ReadonlyMap<string, number> = new Map([['quirks-newline', 4]]);

function read(path: string): { readonly text: string; readonly ruleset: Ruleset } {
  const text = readFileSync(join(root, path), 'latin1');
  const parsed = parseRuleset(text, { file: path });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { text, ruleset: parsed.value };
}

function rulesOf(ruleset: Ruleset) {
  return ruleset.tables.flatMap((table) => table.rules);
}

describe('rulesets that other programs wrote', () => {
  it('come from at least 50 origins, both families and both backends', () => {
    expect(new Set(files.map(dirname)).size).toBeGreaterThanOrEqual(50);
    const kinds = new Set(files.map((path) => basename(path, '.save')));
    for (const backend of ['nft', 'legacy']) {
      for (const family of [4, 6]) expect(kinds).toContain(`${backend}-v${family}`);
    }
    // The same rules once without and once with counters.
    for (const path of files) if (!path.endsWith('-c.save')) expect(files).toContain(path.replace('.save', '-c.save'));
  });

  describe.each(files)('%s', (path) => {
    const [, backend, family, counters] = /(nft|legacy)-v([46])(-c)?\.save$/.exec(path) as unknown as [
      string,
      string,
      string,
      string?,
    ];

    it('reads, and prints byte for byte', () => {
      const { text, ruleset } = read(path);
      expect(printRuleset(ruleset)).toBe(text);
    });

    it('is of its family and backend, with all its tables, chains and rules', () => {
      const { text, ruleset } = read(path);
      expect(ruleset.family).toBe(Number(family));
      // Up to 1.8.7 the plain tool of the nft backend signs as the legacy one does, and nobody can tell.
      const header = text.slice(0, text.indexOf('\n'));
      const isTold = !header.includes(' v1.8.7 ') || header.includes('-nft-save');
      expect(ruleset.writer?.backend).toBe(isTold ? backend : null);
      expect(unreadTables(text)).toEqual([]);
      const lines = text.split('\n');
      const origin = dirname(path);
      const rules = rulesOf(ruleset);
      const ruleLines = lines.filter((line) => /^(\[\d+:\d+\] )?-A /.test(line)).length;
      expect(rules.length).toBe(smuggled.get(origin) ?? ruleLines);
      expect(rules.every((rule) => (rule.counters !== null) === (counters === '-c'))).toBe(true);
      if (smuggled.has(origin)) return;
      expect(ruleset.tables.map((table) => `*${table.name}`)).toEqual(lines.filter((line) => line.startsWith('*')));
      const declared = ruleset.tables.flatMap((table) => [...table.chains.values()].map((chain) => `:${chain.name}`));
      expect(declared).toEqual(lines.filter((line) => line.startsWith(':')).map((line) => line.slice(0, line.indexOf(' '))));
      // Every rule stands where the model says it stands.
      for (const rule of rules) expect(lines[rule.line - 1]).toBe(text.slice(rule.start, rule.end));
    });

    it('is understood but for what is listed', () => {
      const { ruleset } = read(path);
      const unlisted = rulesOf(ruleset)
        .flatMap((rule) => ruleMeaning(ruleset, rule).notUnderstood)
        .filter((text) => !notUnderstood.has(text.split(' ')[1] ?? text));
      expect(unlisted).toEqual([]);
    });
  });

  it('list nothing as not understood that is', () => {
    const seen = new Set(
      files.flatMap((path) => {
        const { ruleset } = read(path);
        return rulesOf(ruleset).flatMap((rule) =>
          ruleMeaning(ruleset, rule).notUnderstood.map((text) => text.split(' ')[1] ?? text),
        );
      }),
    );
    expect([...seen].sort()).toEqual([...notUnderstood.keys()].sort());
  });

  it('say the same with counters as without', () => {
    for (const path of files.filter((one) => !one.endsWith('-c.save'))) {
      const plain = rulesOf(read(path).ruleset).length;
      expect(rulesOf(read(path.replace('.save', '-c.save')).ruleset).length, path).toBe(plain);
    }
  });
});
