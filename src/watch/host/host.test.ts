import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../model/net/index.ts';
import type { Incident } from '../incidents/index.ts';
import { type Condition, createDestinations, followConditions, type KeptDestinations, newListeners } from './index.ts';

const start = Date.UTC(2026, 10, 1);
const hour = 3_600_000;
const day = 24 * hour;

function condition(more: Partial<Condition> = {}): Condition {
  return {
    ...{ detector: 'finding', key: 'FW-BASE-04 4', severity: 'high', title: 'Loopback traffic is dropped', why: 'It is.' },
    ...{ remedy: 'Accept it.', targets: ['IPv4 filter INPUT'], evidence: [], count: 1 },
    ...more,
  } as Condition;
}

/** The incidents as a store would have them. */
function remembering() {
  const all = new Map<string, Incident>();
  const open = (): Incident[] => [...all.values()].filter(({ state }) => state === 'open');
  return {
    all,
    round(at: number, conditions: readonly Condition[], isJudged: (one: Incident) => boolean = () => true) {
      const followed = followConditions(open(), conditions, isJudged, at);
      for (const { incident } of followed) all.set(incident.id, incident);
      return followed.map(({ change, incident }) => `${change} ${incident.title}`);
    },
  };
}

describe('conditions', () => {
  test('open one incident, which goes on over restarts, and closes when they are gone', () => {
    const { round, all } = remembering();
    expect(round(start, [condition()])).toEqual(['opened Loopback traffic is dropped']);
    expect(round(start + day, [condition()])).toEqual([]);
    expect(round(start + 2 * day, [])).toEqual(['closed Loopback traffic is dropped']);
    expect([...all.values()]).toMatchObject([{ state: 'closed', first: start, last: start + 2 * day, sourceCount: 0 }]);
    // The same again is another incident.
    expect(round(start + 3 * day, [condition()])).toEqual(['opened Loopback traffic is dropped']);
    expect(all.size).toBe(2);
  });

  test('that grow say so, and are still the same', () => {
    const { round, all } = remembering();
    round(start, [condition()]);
    expect(round(start + 1, [condition({ count: 2, title: 'Two are' })])).toEqual(['grew Two are']);
    expect([...all.values()]).toMatchObject([{ events: 2, first: start, last: start + 1 }]);
  });

  test('that could not be looked at are not over', () => {
    const { round } = remembering();
    round(start, [condition()]);
    expect(round(start + 1, [], () => false)).toEqual([]);
    expect(
      round(start + 2, [condition({ detector: 'drift', key: 'drift', title: 'Drift' })], ({ detector }) => detector === 'drift'),
    ).toEqual(['opened Drift']);
  });

  test('of two keys and of two detectors are told apart', () => {
    const { round } = remembering();
    round(start, [condition(), condition({ key: 'FW-BASE-05 4', title: 'b' }), condition({ detector: 'drift', title: 'c' })]);
    expect(round(start + 1, [condition({ key: 'FW-BASE-05 4', title: 'b' })])).toEqual([
      'closed Loopback traffic is dropped',
      'closed c',
    ]);
  });

  test('with texts without end are cut, between characters', () => {
    const { round, all } = remembering();
    round(start, [condition({ title: '😀'.repeat(5000), targets: Array.from({ length: 500 }, () => 'x') })]);
    const [one] = all.values();
    expect(one?.title.length).toBeLessThanOrEqual(2000);
    expect(one?.title.isWellFormed()).toBe(true);
    expect(one?.targets.length).toBe(12);
  });
});

describe('listeners', () => {
  const ssh = { family: 4, proto: 'tcp', port: 22, process: 'sshd' } as const;
  const web = { family: 4, proto: 'tcp', port: 80, process: 'nginx' } as const;

  test('of the first look are known, later ones are new until somebody has seen them', () => {
    const first = newListeners(null, [ssh], [], start);
    expect(first).toEqual({ fresh: [], kept: { since: start, known: ['4 tcp 22'] } });
    expect(newListeners(first.kept, [ssh, web], [], start + day)).toEqual({ fresh: [web], kept: first.kept });
    const seen = newListeners(first.kept, [ssh, web], ['4 tcp 80'], start + day);
    expect(seen).toEqual({ fresh: [], kept: { since: start, known: ['4 tcp 22', '4 tcp 80'] } });
  });
});

describe('destinations', () => {
  const to = (process: string | null, peer: string, port = 443) => {
    const address = parseAddress(peer);
    if (address === undefined) throw new Error(peer);
    return { process, peer: address, port };
  };

  test('are learned for a while, then new ones are said once, by network and port', () => {
    const destinations = createDestinations(null, 7 * day);
    expect(destinations.take([to('curl', '203.0.113.9')], start)).toEqual([]);
    expect(destinations.take([to('curl', '198.51.100.9')], start + 6 * day)).toEqual([]);
    const late = start + 8 * day;
    expect(destinations.take([to('curl', '203.0.113.200'), to('curl', '198.51.100.1')], late)).toEqual([]);
    expect(destinations.take([to('curl', '2001:db8:0:7::1')], late)).toEqual(['curl 2001:db8::/48 443']);
    expect(destinations.take([to('curl', '2001:db8:0:9::1')], late + 1)).toEqual([]);
    expect(destinations.recent(late + hour - 1)).toEqual(['curl 2001:db8::/48 443']);
    expect(destinations.recent(late + hour)).toEqual([]);
  });

  test('of one program are said once an hour; those between are remembered in silence', () => {
    const destinations = createDestinations(null, 0);
    destinations.take([], start - 1);
    expect(destinations.take([to('nc', '192.0.2.1'), to('nc', '192.0.2.1', 80), to('wget', '192.0.2.1')], start)).toEqual([
      'nc 192.0.2.0/24 443',
      'wget 192.0.2.0/24 443',
    ]);
    expect(destinations.take([to('nc', '192.0.2.1', 80), to('nc', '192.0.2.1', 81)], start + 2 * hour)).toEqual([
      'nc 192.0.2.0/24 81',
    ]);
  });

  test('of a program that goes everywhere are not said, and the memory has an end', () => {
    const destinations = createDestinations(null, 0);
    const many = Array.from({ length: 6000 }, (_, each) =>
      to(each < 3000 ? 'mail' : `p${each}`, `10.${each >> 8}.${each & 255}.1`),
    );
    destinations.take(many.slice(0, 3000), start);
    expect(destinations.take([to('mail', '203.0.113.1')], start + 5 * hour)).toEqual([]);
    destinations.take(many.slice(3000), start + 6 * hour);
    expect(Object.keys(destinations.toKeep()?.known ?? {}).length).toBe(4000);
  });

  test('are kept over restarts, and what was not seen for a quarter is new again', () => {
    let kept: KeptDestinations | null = null;
    const round = (at: number, ...contacts: ReturnType<typeof to>[]): readonly string[] => {
      const destinations = createDestinations(JSON.parse(JSON.stringify(kept)) as KeptDestinations | null, day);
      const news = destinations.take(contacts, at);
      kept = destinations.toKeep() ?? kept;
      return news;
    };
    round(start, to('cron job', '203.0.113.1'));
    expect(round(start + 2 * day, to('cron job', '203.0.113.7'))).toEqual([]);
    expect(round(start + 100 * day, to('cron job', '203.0.113.7'))).toEqual(['cron_job 203.0.113.0/24 443']);
    expect(round(start + 100 * day + 1, to('cron job', '203.0.113.7'))).toEqual([]);
  });

  test('that are seen again each minute are no reason to write', () => {
    const destinations = createDestinations(null, 0);
    destinations.take([to('curl', '203.0.113.9')], start);
    expect(destinations.toKeep()).not.toBeNull();
    destinations.take([to('curl', '203.0.113.9')], start + 60_000);
    expect(destinations.toKeep()).toBeNull();
  });
});
