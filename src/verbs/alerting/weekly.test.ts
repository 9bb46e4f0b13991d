import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { guideState } from '../../monitor/state/state.fixture.ts';
import { noteIncidents, type Outbox, openOutbox } from '../../store/index.ts';
import type { Incident } from '../../watch/index.ts';
import { createWeekly } from './weekly.ts';

const day = 86_400_000;
// A Thursday.
const begun = Date.UTC(2026, 9, 1);

function incident(id: string, detector: string, first: number, more: Partial<Incident> = {}): Incident {
  return {
    ...{
      id,
      detector,
      severity: 'high',
      title: id,
      why: '',
      remedy: '',
      sources: [],
      sourceCount: 0,
      targets: [],
      first,
      last: first,
    },
    ...{ events: 1, evidence: [], spoofable: false, trusted: true, state: 'open' },
    ...more,
  };
}

test('a week is summed up once, at its time, over restarts, with what was the week before', async () => {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'palisade-weekly-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = { at: begun, now: () => clock.at };
  const queued: string[] = [];
  const titles: string[] = [];
  let read = guideState();
  const during = async (days: number): Promise<void> => {
    const opened = openOutbox(folder, 'a test', clock.at);
    if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
    using outbox: Outbox = opened.value;
    outbox.channels(new Map([['ops', 'email']]));
    const weekly = createWeekly({
      ...{
        time: { day: 'monday', at: '08:00', zone: 'UTC', to: ['ops'] },
        stateFolder: folder,
        outbox,
        timing: clock,
        host: 'fw1',
      },
      ...{
        random: () => 0.5,
        post: { sending: new Set(), wake: () => undefined },
        read: async () => ({ ok: true, state: read }),
      },
      ...{ commit: () => void outbox.commit(clock.at), say: (text: string) => void titles.push(text) },
    });
    for (const end = clock.at + days * day; clock.at < end; clock.at += day / 48) {
      weekly.look();
      for (let turns = 0; turns < 3; turns += 1) await turn();
      for (const { id } of outbox.waiting('ops')) {
        if (queued.includes(id)) continue;
        queued.push(id);
        titles.push(`${new Date(clock.at).toISOString().slice(0, 16)} ${outbox.message(id)?.title}`);
        if (queued.length === 1) expect(outbox.message(id)?.alerts[0]?.evidence).toContain('Bans: 0');
      }
    }
  };
  noteIncidents(
    folder,
    [incident('new rules', 'finding', begun + day), incident('scan', 'vertical-scan', begun + day)],
    clock,
    'a test',
  );
  await during(6);
  await during(3);
  read = { ...read, audit: { known: false, why: 'x', remedy: 'y' } };
  noteIncidents(
    folder,
    [incident('new rules', 'finding', begun + day, { state: 'closed', last: begun + 7 * day })],
    clock,
    'a test',
  );
  await during(4);
  expect(titles).toEqual([
    '2026-10-05T08:00 The week: score 0, 1 new finding, 1 grave incident',
    '2026-10-12T08:00 The week: no score, no new findings, no grave incidents',
  ]);
});
