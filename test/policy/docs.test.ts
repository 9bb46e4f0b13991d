import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contains } from '../../src/model/net/index.ts';
import { aloneHost, compile, type Policy, readPolicy, runTests, type Service } from '../../src/policy/index.ts';
import { catalogue } from '../../src/policy/services/catalogue.ts';
import { readService } from '../../src/policy/services/services.ts';
import { problemLine } from '../../src/result.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/policy.md'), 'utf8');
const schema = JSON.parse(readFileSync(join(root, 'docs/schemas/policy.json'), 'utf8')) as {
  properties: Record<string, unknown>;
};

function policyOf(text: string): Policy {
  const read = readPolicy(text, 'policy.yaml', {
    now: 0,
    file: () => null,
    fetched: () => ({ addresses: [], lacking: 'nobody asked' }),
  });
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
  return read.value;
}

describe('docs/policy.md', () => {
  const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

  it.each(examples)('has a policy that is one, and whose tests hold: %#', (text) => {
    const policy = policyOf(text);
    const digest = (one: string): string => createHash('sha256').update(one).digest('hex');
    const results = runTests(
      policy,
      aloneHost(compile(policy, { digest, foreignLinks: [], spared: { 4: [], 6: [] }, sendsOn: false })),
    );
    expect(policy.tests.length).toBeGreaterThan(0);
    expect(results.known && results.value.every(({ holds }) => holds)).toBe(true);
  });

  it('speaks of every key', () => {
    const rule = (schema as unknown as { $defs: { Rule: { properties: Record<string, unknown> } } }).$defs.Rule.properties;
    const protect = (schema.properties['protect'] as { properties: Record<string, unknown> }).properties;
    for (const key of [...Object.keys(schema.properties), ...Object.keys(rule), ...Object.keys(protect)])
      expect(page, key).toMatch(new RegExp(`[\`{ \\n]${key}\\b`));
  });
});

describe('services', () => {
  it('are many, and each is one', () => {
    expect(Object.keys(catalogue).length).toBeGreaterThanOrEqual(100);
    for (const [name, text] of Object.entries(catalogue)) {
      const parts = text.split(' ').map((part) => readService(part, new Map()));
      expect(
        parts.every((part) => part !== undefined && part.length > 0),
        `${name}: ${text}`,
      ).toBe(true);
    }
  });

  it.skipIf(!existsSync('/etc/services'))('have a port that /etc/services has for them, where it knows them too', () => {
    const known = new Map<string, string[]>();
    for (const line of readFileSync('/etc/services', 'utf8').split('\n')) {
      const [name = '', port = ''] = line.replace(/#.*/, '').trim().split(/\s+/);
      if (port !== '') known.set(name, [...(known.get(name) ?? []), port]);
    }
    const isAmong = (word: string, services: readonly Service[]): boolean => {
      const [theirs] = readService(word, new Map()) ?? [];
      const port = theirs?.ports?.[0]?.[0];
      return services.some(({ proto, ports }) => proto === theirs?.proto && port !== undefined && contains(ports ?? [], port));
    };
    const differing = Object.keys(catalogue).filter((name) => {
      const theirs = known.get(name);
      return theirs !== undefined && !theirs.some((word) => isAmong(word, readService(name, new Map()) ?? []));
    });
    expect(differing).toEqual([]);
  });
});
