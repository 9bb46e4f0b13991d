import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { type Host, known } from '../model/host/index.ts';
import { parseRuleset } from '../model/ruleset/index.ts';
import { openStore } from '../store/index.ts';
import { createCounters } from '../watch/index.ts';
import { countedOf } from './counted.ts';
import { neverHit, remembering } from './rule-hits.ts';
import { familyOf } from './rulesets.ts';
import type { RulesetJson } from './shapes.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-hits-'));
afterAll(() => rmSync(folder, { recursive: true }));

function hostWith(rules: readonly string[]): { readonly host: Host; readonly report: RulesetJson } {
  const text = `*filter\n:INPUT DROP [0:0]\n${rules.map((rule) => `${rule}\n`).join('')}COMMIT\n`;
  const parsed = parseRuleset(text, { family: 4, file: 'test' });
  if (!parsed.ok) throw new Error('the rules do not read');
  const none = { known: false, why: 'not asked', remedy: 'ask' } as const;
  return {
    host: { readAt: 3_000_000, rulesets: { 4: known(parsed.value), 6: none } } as unknown as Host,
    report: { families: [familyOf(parsed.value, undefined)] } as unknown as RulesetJson,
  };
}

const metIn = (report: RulesetJson | null): unknown =>
  report?.families.flatMap(({ tables }) =>
    tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules.map(({ met }) => [met?.packets, met?.lastHit]))),
  );

test('what rules have met is shown beside them, in whatever order they stand by now', () => {
  const web = '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT';
  const ssh = '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT';
  const before = hostWith([`[5:300] ${web}`, `[0:0] ${ssh}`, `[1:60] ${web}`]);
  expect(remembering(before.report, before.host, folder)).toBeNull();
  const counters = createCounters([]);
  {
    const opened = openStore(folder, { clock: { ...systemClock, now: () => 2_000_000 }, writer: 'a test' });
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    using store = opened.value;
    store.hits(counters.take(1_000_000, countedOf(before.host)));
    store.commit();
    const reloaded = hostWith([`[0:0] ${ssh}`, `[2:120] ${web}`, `[1:60] ${web}`]);
    store.hits(counters.take(2_000_000, countedOf(reloaded.host)));
    store.commit();
    expect(store.read.hits().map(({ packets }) => packets)).toEqual([0, 7, 1]);
  }
  const now = hostWith([`[0:0] -A INPUT -j LOG`, `[2:120] ${web}`, `[3:180] ${web}`, `[0:0] ${ssh}`]);
  const remembered = remembering(now.report, now.host, folder);
  expect(metIn(remembered)).toEqual([
    [0, null],
    [7, 2000],
    [3, 3000],
    [0, null],
  ]);
  expect(metIn(remembered && neverHit(remembered))).toEqual([
    [0, null],
    [0, null],
  ]);
});
