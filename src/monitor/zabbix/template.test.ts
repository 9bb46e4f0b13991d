import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { guideState } from '../state/state.fixture.ts';
import { differencesOf } from './differences.ts';
import { discoveries } from './discoveries.ts';
import { items, itemsOf } from './items.ts';
import { macros } from './macros.ts';
import { type AgentMode, templateName, templateOf, templateTree } from './template.ts';

const modes = ['active', 'passive'] as const;

/** Everything in a tree that has a UUID: its key, its expression or its name, and its UUID. */
function named(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) return value.flatMap((one) => named(one, path));
  if (typeof value !== 'object' || value === null) return [];
  const { uuid, key, name } = value as Record<string, unknown>;
  const own = typeof uuid === 'string' ? [[`${path}: ${String(key ?? name)}`, uuid] as const] : [];
  return [...own, ...Object.entries(value).flatMap(([part, one]) => named(one, part))];
}

const namedIn = (mode: AgentMode) => named(templateTree('6.0', mode)).map(([what, uuid]) => [`${mode} ${what}`, uuid] as const);

describe('UUIDs', () => {
  test('are those of every release before: servers know things by them', () => {
    const file = join(import.meta.dirname, '../../../testdata/zabbix/uuids.json');
    const frozen = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    // What is new is added to the file; nothing that stands there changes.
    expect(Object.fromEntries(modes.flatMap(namedIn))).toEqual(frozen);
  });

  test('are of version 4, and no two alike but those of what both templates share', () => {
    const all = modes.map((mode) => namedIn(mode).map(([, uuid]) => uuid));
    for (const uuids of all) expect(new Set(uuids).size).toBe(uuids.length);
    expect(all.flat().filter((uuid) => !/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(uuid))).toEqual([]);
    const group = (templateTree('6.0', 'active') as { zabbix_export: { groups: { uuid: string }[] } }).zabbix_export.groups;
    expect(all[0]?.filter((uuid) => all[1]?.includes(uuid))).toEqual(group.map(({ uuid }) => uuid));
  });
});

test('the template for 7.0 has the same UUIDs: whoever goes on to 7.0 keeps all values', () => {
  for (const mode of modes)
    expect(named(templateTree('7.0', mode)).map(([, uuid]) => uuid)).toEqual(namedIn(mode).map(([, uuid]) => uuid));
});

describe.each(modes)('the %s template', (mode) => {
  const text = templateOf('6.0', mode);

  test('names no item and no macro that is not there', () => {
    const keys = new Set([...text.matchAll(/^ +key: '([^']*)'$/gm)].map(([, key]) => key));
    const asked = [
      ...text.matchAll(/\/(?:Iptables by palisade(?: passive)?|\{HOST\.HOST\})\/(iptables\.[a-z0-9.]+(?:\[\{#ID\}\])?)/g),
    ];
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.map(([, key]) => key).filter((key) => !keys.has(key ?? ''))).toEqual([]);
    const used = new Set(text.match(/\{\$IPT\.[A-Z_.]+\}/g));
    expect([...used].sort()).toEqual(macros.map(({ name }) => name).sort());
    expect(text).not.toMatch(/@[a-z]/);
  });

  test('reads nothing that the JSON does not have', () => {
    const of = JSON.parse(itemsOf({ ok: true, state: guideState() })) as Record<string, unknown>;
    const paths = [...text.matchAll(/- '\$\[''([a-z0-9.]+)''\]'$/gm)].map(([, field]) => field ?? '');
    expect(paths).toHaveLength(items.length + 2 + discoveries.length);
    for (const field of paths) expect(of, field).toHaveProperty([field]);
  });
});

test('a template is compared with ours by its UUIDs: what is the same, another one, and what somebody changed', () => {
  const text = templateOf('6.0', 'active');
  expect(parse(text)).toMatchObject({ zabbix_export: { version: '6.0', templates: [{ template: templateName('active') }] } });
  expect(differencesOf(text, '6.0', 'active')).toEqual({ missing: [], extra: [], changed: [] });
  expect(differencesOf(text, '6.0', 'passive').missing.length).toBeGreaterThan(80);
  const changed = text
    .replace("value: '{$IPT.CHAIN.MATCHES}'", "value: 'INPUT'")
    .replace('Iptables: Score of the audit', 'Another name');
  expect(differencesOf(changed, '6.0', 'active')).toEqual({
    ...{ missing: [], extra: [] },
    changed: ['Iptables: Chains', 'Iptables: Score of the audit'],
  });
});
