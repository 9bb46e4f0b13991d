import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostState } from '../state/index.ts';
import { guideState, healthyState } from '../state/state.fixture.ts';
import { exposition, formatAccepted, metricsOf } from './index.ts';
import { mostRules } from './metrics.ts';

const states = { healthy: healthyState(), guide: guideState() };

function text(state: HostState): string {
  return exposition(metricsOf({ ok: true, state }, { ruleTexts: true }), 'text');
}

/** What a scraper reads, by name and labels: strict, and of our own only here. */
function samplesIn(page: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const found = /^([a-z_]+)(\{(?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line);
    if (found === null) throw new Error(`no sample: ${line}`);
    const series = `${found[1]}${found[2] ?? ''}`;
    if (samples.has(series)) throw new Error(`twice: ${series}`);
    samples.set(series, Number(found[3]));
  }
  return samples;
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe.each(Object.entries(states))('the %s state', (_, state) => {
  test.runIf(hasPromtool)('is what promtool finds nothing to say about', () => {
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: text(state), encoding: 'utf8' });
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
  });

  test('says the same numbers in both formats', () => {
    const open = exposition(metricsOf({ ok: true, state }, { ruleTexts: true }), 'openmetrics');
    expect(open.endsWith('# EOF\n')).toBe(true);
    expect(samplesIn(open)).toEqual(samplesIn(text(state)));
  });
});

test('what is not known has no sample, and is said not to be known', () => {
  const unknown = { known: false, why: 'it could not be read', remedy: 'be root' } as const;
  const page = samplesIn(text({ ...states.healthy, chains: unknown, conntrack: unknown, audit: unknown }));
  expect(page.get('iptables_known{part="conntrack"}')).toBe(0);
  expect(page.get('iptables_known{part="sets"}')).toBe(1);
  expect([...page.keys()].filter((name) => /conntrack_|protected|findings|chain_/.test(name))).toEqual([]);
});

test('where there is no state, nothing is said but that', () => {
  const problem = { code: 'unread', message: 'nobody publishes', hint: 'start palisade' } as const;
  expect([...samplesIn(exposition(metricsOf({ ok: false, problem }), 'text'))]).toEqual([['iptables_scrape_success', 0]]);
});

test('no text of others breaks out of its label, and no series is there twice', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"} 1\nup 0', '\\', '\\"', 'a\nb', '\ud800', '\u202e', 'x'.repeat(5000), '# EOF', ''),
  );
  fc.assert(
    fc.property(hostile, hostile, hostile, (prefix, comment, name) => {
      const { log, rules, sets, alerts } = states.guide;
      if (!log.known || !rules.known || !sets.known) throw new Error('the example lacks them');
      const [rule] = rules.value;
      if (rule === undefined) throw new Error('the example has no rule');
      const state: HostState = {
        ...states.guide,
        host: name,
        rules: { known: true, value: [...rules.value, { ...rule, id: 'x', comment, text: comment }] },
        sets: { known: true, value: [{ name, type: 'hash:ip', entries: 1, most: 2, bytes: 3 }] },
        log: {
          known: true,
          value: {
            ...log.value,
            events: [
              { proto: 'tcp', prefix, count: 1 },
              { proto: 'tcp', prefix: `${prefix}\n`, count: 2 },
            ],
          },
        },
        alerts,
      };
      const names = new Set([...samplesIn(text(state)).keys()].map((series) => series.split('{')[0]));
      expect(names.has('up')).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('many rules are counted together by chain and target', () => {
  const { rules } = states.guide;
  const rule = rules.known ? rules.value[0] : undefined;
  if (rule === undefined) throw new Error('the example has no rule');
  const many = Array.from({ length: mostRules + 1 }, (_, index) => ({ ...rule, id: String(index), packets: 2 }));
  const page = samplesIn(text({ ...states.guide, rules: { known: true, value: many } }));
  const series = [...page].filter(([name]) => name.startsWith('iptables_rule_packets_total'));
  expect(series.map(([, value]) => value)).toEqual([2 * (mostRules + 1)]);
});

test('a scraper gets the format that it asks for', () => {
  expect(formatAccepted('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toBe('openmetrics');
  expect(formatAccepted('text/plain;version=0.0.4')).toBe('text');
  expect(formatAccepted(undefined)).toBe('text');
});
