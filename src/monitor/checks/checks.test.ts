import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../nagios/index.ts';
import type { HostState } from '../state/index.ts';
import { guideState, healthyState, readAt, unknownState } from '../state/state.fixture.ts';
import { type Asked, check, checkModes, noOptions, nothingAsked, printed, readRange } from './index.ts';
import type { CheckMode, CheckOptions } from './mode.ts';
import { readOutput } from './output.fixture.ts';

const now = readAt + 5;
const options = (some: Partial<CheckOptions>): CheckOptions => ({ ...noOptions, ...some });

function modeOf(name: string): CheckMode {
  const found = checkModes.find((mode) => mode.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

function asked(warning: string | null, critical: string | null, measure: string | null = null): Asked {
  const range = (text: string | null) => {
    if (text === null) return null;
    const read = readRange(text);
    if (!read.ok) throw new Error(read.why);
    return read.range;
  };
  return { warning: range(warning), critical: range(critical), measure };
}

function judged(name: string, state: HostState, some: Partial<CheckOptions> = {}, ranges: Asked = nothingAsked) {
  const { status, text } = check(modeOf(name), { ok: true, state }, now, options(some), ranges);
  return { status, ...readOutput(printed(text)) };
}

/** Rule-hits needs a rule. */
const needed = (name: string): Partial<CheckOptions> => (name === 'rule-hits' ? { rule: ['-j ACCEPT'], within: 600 } : {});

const guide: Readonly<Record<string, string>> = {
  all: 'CRITICAL',
  audit: 'CRITICAL',
  drift: 'CRITICAL',
  policy: 'CRITICAL',
  incidents: 'CRITICAL',
  exposure: 'CRITICAL',
  'rule-hits': 'OK',
  conntrack: 'CRITICAL',
  ipset: 'CRITICAL',
  'log-rate': 'OK',
  'backup-age': 'CRITICAL',
  persistence: 'CRITICAL',
  backend: 'OK',
  updates: 'WARNING',
  alerts: 'CRITICAL',
  heartbeat: 'OK',
};

describe.each(checkModes.map((mode) => [mode.name, mode] as const))('%s', (name, mode) => {
  it('says OK of a healthy host, and what it must of one behind a guide’s firewall', () => {
    const healthy = judged(name, healthyState(), name === 'rule-hits' ? { rule: ['the "admins"'], within: 600 } : {});
    expect([healthy.status, healthy.first]).toEqual(['OK', expect.stringMatching(/^PALISADE OK - ./)]);
    expect(judged(name, guideState(), needed(name)).status).toBe(guide[name]);
  });

  it('says UNKNOWN with why and the remedy of what was not read, and of a state that has had its time', () => {
    const blind = judged(name, unknownState(), needed(name));
    expect(blind.status).toBe(name === 'heartbeat' ? 'OK' : 'UNKNOWN');
    if (name !== 'heartbeat')
      expect([blind.first, ...blind.more].join(' ')).toMatch(/permission denied; run palisade up as root/);
    const late = check(mode, { ok: true, state: guideState() }, readAt + 181, options(needed(name)), nothingAsked);
    expect([late.status, late.text.first]).toEqual(['UNKNOWN', expect.stringMatching(/186 s|181 s old/)]);
  });

  it('measures what it says it does, and what it holds ranges against', () => {
    const stems = Object.keys(mode.measures).map((label) => label.split('.')[0]);
    expect(stems).toContain(mode.measured);
    for (const state of [healthyState(), guideState()]) {
      for (const { label } of mode.run(state, now, options(needed(name))).measures) expect(stems).toContain(label.split('.')[0]);
    }
  });
});

describe('ranges that were asked for', () => {
  it('take the place of those that a mode has, and stand in the performance data as they were written', () => {
    const strict = judged('conntrack', healthyState(), {}, asked('@1:5', '1.0:'));
    expect(strict.perfdata).toContainEqual({ label: 'conntrack_used', value: '1.24', unit: '%', rest: ['@1:5', '1.0:'] });
    expect(strict.status).toBe('WARNING');
    expect(judged('drift', guideState(), {}, asked('3', '10')).status).toBe('WARNING');
    expect(judged('audit', healthyState(), {}, asked('99:', '50:')).status).toBe('WARNING');
  });

  it('speak of another measure where one is named, and leave the others theirs', () => {
    const { status, more } = judged('conntrack', guideState(), {}, asked(null, '100', 'conntrack_dropped'));
    expect([status, more[0]]).toEqual(['CRITICAL', 'CRITICAL: conntrack_used is 97.66 %, and the range is 90']);
    expect(judged('ipset', healthyState(), {}, asked('2', null, 'entries')).status).toBe('WARNING');
  });

  it('are UNKNOWN where what they speak of is not known', () => {
    const state = healthyState();
    if (state.audit.known) state.audit.value.score = null;
    const { status, more } = judged('audit', state, {}, asked('80:', null));
    expect([status, more[0]]).toEqual(['UNKNOWN', 'UNKNOWN: score is not known']);
  });
});

describe('what modes are told', () => {
  const of = (name: string, some: Partial<CheckOptions>, state = guideState()) => judged(name, state, some);

  it('policy: chains of a family; a family without rules lets everything in, and one that was not read is unknown', () => {
    expect(of('policy', { only: ['4:*'] }).status).toBe('OK');
    expect(of('policy', { except: ['6:INPUT', '6:FORWARD'] }).status).toBe('OK');
    expect(of('policy', { only: ['6:INPUT'] }).first).toBe('PALISADE CRITICAL - ACCEPT in IPv6 INPUT');
    expect(of('policy', { only: ['OUTPUT'] }).status).toBe('UNKNOWN');
    const bare = healthyState();
    if (bare.chains.known) bare.chains.value = bare.chains.value.filter(({ family }) => family === 4);
    expect(of('policy', {}, bare).status).toBe('UNKNOWN');
    if (bare.backends.known) bare.backends.value = [{ family: 6, backend: 'none' }];
    expect(of('policy', {}, bare).first).toContain('ACCEPT in IPv6 INPUT (no rules at all)');
  });

  it('rule-hits: rules by id, comment and text, that must have been hit, or must not', () => {
    const hits = (some: Partial<CheckOptions>) => of('rule-hits', some, healthyState());
    expect(hits({}).status).toBe('UNKNOWN');
    expect(hits({ rule: ['2c3d4e5f6071'], within: 100 }).status).toBe('OK');
    expect(hits({ rule: ['2c3d4e5f6071'], within: 30 }).status).toBe('CRITICAL');
    expect(hits({ rule: ['607182930415-2'], expect: 'quiet' }).status).toBe('OK');
    expect(hits({ rule: ['-p ipv6-icmp'] }).first).toBe('PALISADE CRITICAL - not hit since it was first seen: 607182930415-2');
    expect(hits({ rule: ['--dport 22'], expect: 'quiet', within: 3600 }).status).toBe('CRITICAL');
    expect(hits({ rule: ['gone', 'the "admins"'] }).first).toBe('PALISADE CRITICAL - there is no rule gone');
    const idle = judged('rule-hits', healthyState(), { rule: ['-i lo'] }, asked('@0:3600', null));
    expect([idle.status, idle.perfdata[0]?.label]).toEqual(['WARNING', 'idle.0a1b2c3d4e5f']);
  });

  it('exposure: ports that may be open, by number, family and program', () => {
    expect(of('exposure', { except: ['22/tcp', 'nginx', '6:5432/tcp'], only: ['*/tcp'] }).status).toBe('OK');
    expect(of('exposure', { except: ['22/tcp', 'nginx', '4:5432/tcp'], only: ['*/tcp'] }).first).toBe(
      'PALISADE CRITICAL - open to everyone beyond those excepted: 5432/tcp',
    );
    expect(of('exposure', { except: ['*/tcp'] }).first).toContain(
      'UNKNOWN - nothing is open to everyone beyond those excepted; unknown: 123/udp',
    );
  });

  it('sets, channels, detectors and checks by name, and what is gone of them is said', () => {
    expect(of('ipset', { except: ['block*'] }).status).toBe('OK');
    expect(of('ipset', { only: ['admins'] }).first).toMatch(/^PALISADE CRITICAL - there is no set admins/);
    expect(of('alerts', { only: ['pager'] }).first).toMatch(/^PALISADE CRITICAL - there is no channel pager/);
    expect(of('incidents', { except: ['vertical-scan'] }).status).toBe('WARNING');
    expect(of('audit', { only: ['FW-EGR-*'] }).status).toBe('WARNING');
    expect(of('audit', { only: ['FW-BACK-02'] }).status).toBe('UNKNOWN');
    expect(of('all', { only: ['updates', 'backend'] }).status).toBe('WARNING');
    expect(of('all', { only: ['upfates'] }).status).toBe('UNKNOWN');
  });

  it('drift: a change that somebody announced is expected, for as long as he said', () => {
    const announced = guideState();
    if (announced.drift.known) announced.drift.value.announcedUntil = now + 60;
    expect(judged('drift', announced).status).toBe('OK');
    expect(judged('drift', announced, {}, asked('0', '0')).first).toMatch(
      /^PALISADE OK - 4 changes \(2 added, 1 removed, 1 policy\)/,
    );
    if (announced.drift.known) announced.drift.value.announcedUntil = now - 1;
    expect(judged('drift', announced).status).toBe('CRITICAL');
  });

  it('log-rate: packets that are dropped unseen, and a log that nobody reads', () => {
    const silent = healthyState();
    if (silent.log.known) silent.log.value = { ...silent.log.value, events: [], last: null, perMinute: 0 };
    expect(judged('log-rate', silent).first).toBe('PALISADE WARNING - 1240 packets were dropped and none of them was logged');
    if (silent.log.known) silent.log.value.sources = [];
    expect(judged('log-rate', silent).status).toBe('UNKNOWN');
  });

  it('backend: rules in both, and families that differ', () => {
    const mixed = healthyState();
    if (mixed.backends.known) mixed.backends.value[0] = { family: 4, backend: 'legacy' };
    expect(judged('backend', mixed).status).toBe('WARNING');
    if (mixed.backends.known) mixed.backends.value[0] = { family: 4, backend: 'both' };
    expect(judged('backend', mixed).status).toBe('CRITICAL');
  });
});

describe('the grammar of the output', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      'a|b=1;2',
      'x\ny | z=9',
      "it's",
      'a b',
      '\u202e;`id`$(id)',
      '<script>',
      '\\n\\',
      '=',
      '',
      '\u001b]0;x\u0007',
      '\ud800',
      'OK | load=0',
    ),
  );

  it('holds whatever others call their sets, rules, channels and programs', () => {
    fc.assert(
      fc.property(nasty, nasty, (name, other) => {
        const state = guideState();
        if (state.sets.known) state.sets.value.push({ ...({ name, type: other } as const), entries: 1, most: 2, bytes: null });
        if (state.rules.known) state.rules.value = state.rules.value.map((rule) => ({ ...rule, text: name, comment: other }));
        if (state.alerts.known) state.alerts.value = state.alerts.value.map((one) => ({ ...one, channel: name, failing: other }));
        if (state.incidents.known)
          state.incidents.value.list = state.incidents.value.list.map((one) => ({ ...one, title: name }));
        if (state.log.known) state.log.value.events = [{ proto: other, prefix: name, count: 1 }];
        if (state.exposure.known) state.exposure.value = state.exposure.value.map((one) => ({ ...one, process: name }));
        if (state.drift.known) state.drift.value = { ...state.drift.value, says: [name], by: other };
        for (const { name: mode } of checkModes) {
          const { first, more, perfdata } = judged(mode, state, { rule: mode === 'rule-hits' ? ['aa1b2c3d4e5f'] : [] });
          expect(first.length).toBeLessThanOrEqual(200);
          for (const line of [first, ...more]) expect(line).not.toMatch(/[|`'"$<>\\\p{Cc}\u2028\u202e]/u);
          expect(new Set(perfdata.map(({ label }) => label)).size).toBe(perfdata.length);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('fits into what Nagios reads of a plugin, and loses lines before figures', () => {
    const state = healthyState();
    const sets = Array.from({ length: 60 }, (_, index) => ({
      ...{ name: `${'x'.repeat(250)}${index}`, type: 't', most: 9 },
      entries: 8,
      bytes: 1,
    }));
    const { text } = check(
      modeOf('ipset'),
      { ok: true, state: { ...state, sets: { known: true, value: sets } } },
      now,
      noOptions,
      nothingAsked,
    );
    const whole = printed(text);
    expect(Buffer.byteLength(whole)).toBeLessThanOrEqual(8000);
    expect(readOutput(whole).perfdata.length).toBeGreaterThan(60);
    const line = commandLine({ host: 'fw1', service: 's', exit: 2, text }, now);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4096);
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('takes a first line that is short, and puts further figures onto one line behind the text', () => {
    const state = healthyState();
    const sets = Array.from({ length: 40 }, (_, index) => ({
      name: `set-${index}`,
      type: 'hash:ip',
      entries: index,
      most: 1e6,
      bytes: 1,
    }));
    const text = printed(
      check(modeOf('ipset'), { ok: true, state: { ...state, sets: { known: true, value: sets } } }, now, noOptions, nothingAsked)
        .text,
    );
    const lines = text.trimEnd().split('\n');
    expect([...(lines[0] ?? '')].length).toBeLessThanOrEqual(200);
    expect(lines.filter((line) => line.includes('|'))).toEqual([lines[0], lines.at(-1)]);
    expect(readOutput(text).perfdata).toHaveLength(80);
    expect(text).toContain('entries.set-39=39;;;0;1000000');
    expect(text).not.toMatch(/e\+|e-/);
  });
});
