import { describe, expect, test } from 'vitest';
import { formatPrefix, parsePrefix } from '../../model/net/index.ts';
import { batchOf, incidentsOf, type Made, series, start } from '../detect/made.fixture.ts';
import type { Happening } from './happening.ts';
import { evidenceKept, type Incident, mostSources } from './incident.ts';
import { Incidents, type Kind, mostOpen } from './incidents.ts';
import type { Sighting } from './sighting.ts';

const minute = 60_000;
const prefix = (text: string) => parsePrefix(text) as NonNullable<ReturnType<typeof parsePrefix>>;

function report(more: Partial<Sighting> = {}): Sighting {
  return {
    detector: 'vertical-scan',
    key: '203.0.113.9/32',
    severity: 'medium',
    title: 'Somebody scanned',
    why: 'Too much.',
    remedy: 'Close the ports.',
    sources: [prefix('203.0.113.9/32')],
    targets: [],
    batch: null,
    row: 0,
    at: start,
    events: 1,
    spoofable: true,
    ban: true,
    ...more,
  };
}

/** Reports the first of these events, and shows the others as more of it, some in a batch. */
function show(incidents: Incidents, events: readonly Made[], size: number, more: Partial<Sighting> = {}): number {
  let number = 0;
  for (let from = 0; from < events.length; from += size) {
    const batch = batchOf(events.slice(from, from + size));
    for (let row = 0; row < batch.length; row += 1)
      if (number === 0) number = incidents.report(report({ batch, row, at: batch.at[row] as number, ...more }));
      else expect(incidents.more(number, batch, row)).toBe(true);
    incidents.endBatch(batch);
  }
  return number;
}

const kindOf = (detector: string): Kind => ({
  detectorTitle: detector === 'udp-scan' ? 'UDP scan' : 'Port scan',
  remedy: `What ${detector} always says.`,
  group: 'scan',
  quietMs: 10 * minute,
});
const begin = (more: Partial<Kind> = {}): Incidents => {
  const incidents = new Incidents((detector) => ({ ...kindOf(detector), ...more }));
  incidents.tick(start);
  return incidents;
};
const changes = (said: readonly Happening[]): string[] => said.flatMap((each) => (each.kind === 'incident' ? [each.change] : []));
const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, each) => `line ${from + each}`);

describe('evidence', () => {
  test.each([1, 3, 10, 64, 1000])('is the first ten and the last ten lines, in batches of %d', (size) => {
    const incidents = begin();
    show(
      incidents,
      series(537, 100, (each) => ({ text: `line ${each}` })),
      size,
    );
    incidents.tick(start + minute);
    expect(incidentsOf(incidents.said())).toMatchObject([{ events: 537, evidence: [...numbered(0, 10), ...numbered(527, 537)] }]);
  });

  test.each([1, 9, 10, 11, 19, 20, 21])('is all of %d lines up to twenty', (count) => {
    const incidents = begin();
    show(
      incidents,
      series(count, 100, (each) => ({ text: `line ${each}` })),
      4,
    );
    incidents.tick(start + minute);
    const expected = count <= 20 ? numbered(0, count) : [...numbered(0, 10), ...numbered(count - 10, count)];
    expect(incidentsOf(incidents.said())[0]?.evidence).toEqual(expected);
  });

  test('begins with what led to it, where that stands in the same batch', () => {
    const incidents = begin();
    const events = series(40, 100, (each) => ({ text: `line ${each}`, src: each % 2 === 0 ? '203.0.113.9' : '192.0.2.1' }));
    const batch = batchOf(events);
    incidents.report(report({ batch, row: 30, at: batch.at[30] as number, since: start + 400, events: 14 }));
    const [incident] = incidentsOf(incidents.said());
    expect(incident).toMatchObject({ events: 14, first: start + 400, last: start + 3000 });
    expect(incident?.evidence).toEqual([4, 6, 8, 10, 12, 14, 16, 18, 20, 30].map((each) => `line ${each}`));
  });

  test('of packets without a line is how they are shown', () => {
    const incidents = begin();
    const batch = batchOf([{ at: 0 }]);
    batch.textLength[0] = 0;
    incidents.report(report({ batch, row: 0 }));
    expect(incidentsOf(incidents.said())[0]?.evidence).toEqual([
      '12:00:00Z FW-DROP eth0: tcp 203.0.113.9:40000 → 198.51.100.1:22 SYN',
    ]);
  });

  test('of thousands of incidents with long lines has a ceiling', () => {
    const incidents = begin();
    const batch = batchOf([{ at: 0, text: 'x'.repeat(9000) }]);
    const [greedy, all] = [400, 900];
    for (let each = 0; each < all; each += 1) {
      const number = incidents.report(report({ key: `${each}`, batch, row: 0 }));
      // In batches of one.
      for (let more = 0; more < (each < greedy ? 24 : 5); more += 1) {
        incidents.endBatch(batch);
        incidents.more(number, batch, 0);
      }
      incidents.endBatch(batch);
    }
    incidents.said();
    incidents.tick(start + minute);
    const kept = incidentsOf(incidents.said()).map(({ evidence }) => evidence);
    expect(kept.length).toBe(all);
    // Cut, and marked as cut.
    expect(kept[0]?.map(({ length }) => length)).toEqual(Array.from({ length: 20 }, () => 2049));
    // Later ones have some of the first and some of the last.
    expect(kept.slice(greedy).every(({ length }) => length === 4)).toBe(true);
    const bytes = kept.reduce((sum, { length }) => sum + length * 2049, 0);
    expect(bytes / 2 ** 20).toBeLessThan(20);
  });

  test.each([1, 2, evidenceKept.first, 20])('of before a restart stays: %d lines, and then more', (count) => {
    const before = begin();
    show(
      before,
      series(count, 100, (each) => ({ text: `line ${each}` })),
      4,
    );
    before.tick(start + minute);
    const [open] = incidentsOf(before.said()) as [Incident];
    const after = begin();
    after.resume([open]);
    show(
      after,
      series(30, 100, (each) => ({ text: `line ${count + each}` })),
      4,
    );
    after.tick(start + 2 * minute);
    const [incident] = incidentsOf(after.said());
    expect(incident?.id).toBe(open.id);
    expect(incident?.events).toBe(count + 30);
    expect(incident?.evidence.slice(0, 10)).toEqual(numbered(0, 10));
    expect(incident?.evidence.slice(10)).toEqual(numbered(count + 20, count + 30));
  });
});

describe('its life', () => {
  test('it opens, grows no more often than once a second, and the longer it lasts the more seldom, and closes', () => {
    const incidents = begin();
    const batch = batchOf([{ at: 0 }]);
    const number = incidents.report(report({ batch, row: 0 }));
    const times: number[] = [];
    for (let now = start; now < start + 20 * minute; now += 250) {
      batch.at[0] = now;
      incidents.more(number, batch, 0);
      incidents.endBatch(batch);
      incidents.tick(now);
      if (changes(incidents.said()).includes('grew')) times.push((now - start) / 1000);
    }
    expect(times.length).toBeGreaterThan(10);
    expect(times.length).toBeLessThan(60);
    expect(Math.min(...times.slice(1).map((time, each) => time - (times[each] as number)))).toBeGreaterThanOrEqual(1);
    const last = start + 20 * minute - 250;
    incidents.tick(last + 9 * minute);
    expect(changes(incidents.said())).toEqual(['grew']);
    incidents.tick(last + 10 * minute);
    expect(incidentsOf(incidents.said())).toMatchObject([{ state: 'closed', last, first: start }]);
    expect(incidents.more(number, batch, 0)).toBe(false);
    expect(incidents.open).toBe(0);
  });

  test('ids are those of before for the same, and others for anything else', () => {
    const idOf = (more: Partial<Sighting>, kind: Partial<Kind> = {}): string => {
      const incidents = begin(kind);
      incidents.report(report(more));
      return incidentsOf(incidents.said())[0]?.id as string;
    };
    expect(idOf({})).toBe(idOf({}));
    expect(idOf({})).toMatch(/^vertical-scan-[0-9a-z]+-[0-9a-z]{14}$/);
    const others = [
      {},
      { key: '203.0.113.8/32' },
      { at: start + 1 },
      { detector: 'udp-scan' },
      { batch: batchOf([{ at: 0 }], false) },
    ];
    const ids = [...others.map((more) => idOf(more)), idOf({}, { group: 'x' })];
    expect(new Set(ids).size).toBe(others.length + 1);
  });

  test('two of one group and key are one, as bad as the worst, and forged only if all of it may be', () => {
    const incidents = begin();
    const batch = batchOf([{ at: 0 }, { at: 100 }]);
    const number = incidents.report(report({ batch, row: 0, events: 15 }));
    const udp = { detector: 'udp-scan', title: 'Somebody scanned UDP', why: 'That too.' };
    const again = incidents.report(report({ ...udp, batch, row: 1, severity: 'high', events: 12, spoofable: false }));
    expect(again).toBe(number);
    incidents.tick(start + minute);
    expect(incidentsOf(incidents.said())).toMatchObject([
      {
        detector: 'vertical-scan',
        severity: 'high',
        title: 'Somebody scanned UDP (seen as: port scan, udp scan)',
        why: 'Too much. That too.',
        events: 16,
        spoofable: false,
      },
    ]);
  });

  test('what to do about it is what the worst sighting says, or else its detector, and stays over a restart', () => {
    const remedies = (incidents: Incidents) => incidentsOf(incidents.said()).map(({ remedy }) => remedy);
    const { remedy: _, ...silent } = report();
    const incidents = begin();
    incidents.report(silent);
    incidents.report(report({ detector: 'udp-scan' }));
    incidents.tick(start + minute);
    expect(remedies(incidents)).toEqual(['What vertical-scan always says.']);
    incidents.report(report({ severity: 'high' }));
    incidents.report({ ...silent, detector: 'udp-scan', severity: 'critical' });
    incidents.report(report({ severity: 'low' }));
    const said = incidentsOf(incidents.said());
    expect(said.map(({ remedy }) => remedy)).toEqual(['What udp-scan always says.']);
    const after = begin();
    after.resume(said);
    after.report(report());
    after.tick(start + 2 * minute);
    expect(remedies(after)).toEqual(['What udp-scan always says.']);
  });

  test('an event that two detectors show counts once', () => {
    const incidents = begin();
    const batch = batchOf(series(5, 10, () => ({})));
    const number = incidents.report(report({ batch, row: 0 }));
    for (const row of [1, 2, 3, 4]) for (let twice = 0; twice < 2; twice += 1) incidents.more(number, batch, row);
    incidents.endBatch(batch);
    incidents.tick(start + minute);
    expect(incidentsOf(incidents.said())).toMatchObject([{ events: 5, evidence: { length: 5 } }]);
  });

  test('of too many the least of the oldest is closed, and counted', () => {
    const incidents = begin();
    for (let each = 0; each < mostOpen; each += 1) {
      if (each === 100) incidents.tick(start + 1000);
      incidents.report(report({ key: `${each}`, title: `${each}`, severity: each < 3 || each === 7 ? 'low' : 'medium' }));
    }
    incidents.said();
    incidents.report(report({ key: 'one more', title: 'one more', severity: 'info' }));
    const closed = incidents
      .said()
      .flatMap((each) => (each.kind === 'incident' && each.change === 'closed' ? [each.incident] : []));
    expect(closed).toMatchObject([{ title: '0', severity: 'low', state: 'closed' }]);
    expect(incidents).toMatchObject({ open: mostOpen, crowdedOut: 1 });
  });

  test('what is open after a restart is closed when its time has come', () => {
    const before = begin();
    before.report(report());
    before.report(report({ key: 'many', sources: [prefix('192.0.2.1/32'), prefix('192.0.2.2/32')], ban: false }));
    const open = incidentsOf(before.said());
    const after = new Incidents(kindOf);
    after.resume(open);
    after.tick(start + 9 * minute);
    expect(changes(after.said())).toEqual([]);
    after.tick(start + 11 * minute);
    expect(incidentsOf(after.said()).map(({ id, state }) => [id, state])).toEqual(open.map(({ id }) => [id, 'closed']));
  });
});

describe('sources and targets', () => {
  test('the first of many are named, and all are estimated', () => {
    const incidents = begin();
    const events = series(8000, 1, (each) => ({ src: `81.${each % 5}.${(each >> 8) & 255}.${each & 255}` }));
    show(incidents, events, 5000, { sourceCount: 2 });
    incidents.tick(start + minute);
    const [incident] = incidentsOf(incidents.said()) as [Incident];
    expect(incident.sources).toHaveLength(mostSources);
    expect(new Set(incident.sources.map(formatPrefix)).size).toBe(mostSources);
    expect(incident.sourceCount / 8000).toBeGreaterThan(0.85);
    expect(incident.sourceCount / 8000).toBeLessThan(1.15);
  });

  test('few are counted exactly', () => {
    const incidents = begin();
    show(
      incidents,
      series(900, 1, (each) => ({ src: `81.0.0.${each % 9}` })),
      100,
      { sourceCount: 2 },
    );
    incidents.tick(start + minute);
    const [incident] = incidentsOf(incidents.said()) as [Incident];
    // The one that was reported, and nine.
    expect(incident.sources).toHaveLength(10);
    expect(incident.sourceCount).toBe(10);
  });

  test('targets come most first, with their port, or with how many ports', () => {
    const incidents = begin();
    const events = [
      ...series(100, 10, (each) => ({ dst: '198.51.100.2', dport: 1 + each })),
      ...series(30, 10, () => ({ dst: '198.51.100.3', dport: 53, proto: 17 })),
      ...series(3, 10, () => ({ dst: '198.51.100.4', proto: 1, icmpType: 8 })),
    ];
    show(incidents, events, 7);
    incidents.tick(start + minute);
    const [incident] = incidentsOf(incidents.said()) as [Incident];
    const about = Number(/^198\.51\.100\.2, about (\d+) ports$/.exec(incident.targets[0] ?? '')?.[1]);
    expect(about).toBeGreaterThan(85);
    expect(about).toBeLessThan(115);
    expect(incident.targets.slice(1)).toEqual(['198.51.100.3 port 53/udp', '198.51.100.4 icmp']);
  });

  test('one who goes on is said to be a suspect again, and members of a crowd when they come', () => {
    const incidents = begin();
    const suspects = (): string[] =>
      incidents.said().flatMap((each) => (each.kind === 'suspect' ? [formatPrefix(each.source)] : []));
    const batch = batchOf(series(4, 1000, (each) => ({ src: `192.0.2.${each}` })));
    const one = incidents.report(report({ batch, row: 0 }));
    expect(suspects()).toEqual(['203.0.113.9/32']);
    incidents.tick(start + 2 * minute);
    expect(suspects()).toEqual([]);
    incidents.more(one, batch, 1);
    incidents.tick(start + 4 * minute);
    expect(suspects()).toEqual(['203.0.113.9/32']);
    const crowd = incidents.report(report({ key: 'crowd', batch, row: 0, sources: [], sourceCount: 50 }));
    for (const row of [1, 2, 2, 3]) incidents.more(crowd, batch, row);
    expect(suspects()).toEqual(['192.0.2.1/32', '192.0.2.2/32', '192.0.2.3/32']);
  });
});
