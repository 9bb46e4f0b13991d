import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { uptime } from '../guard/guard.ts';
import { announce, announcedNow, endAnnouncement } from './announcement.ts';

it('a change by hand is announced until its time, by the wall clock and by the machine’s own, in this start', () => {
  const state = mkdtempSync(join(tmpdir(), 'palisade-announced-'));
  try {
    const by = { uid: 0, sudoUid: null, loginUid: null, peer: null };
    const now = 1_800_000_000_000;
    expect(announcedNow(state, now)).toBeNull();
    announce(state, 60, now, { by, reason: 'an upgrade' });
    expect(announcedNow(state, now)).toMatchObject({ until: now + 60_000, reason: 'an upgrade', by: { uid: 0 } });
    expect(announcedNow(state, now + 60_000)).toBeNull();
    // Set back by a day, the clock prolongs nothing.
    expect(announcedNow(state, now - 86_400_000)).not.toBeNull();
    const file = join(state, 'announced.json');
    const said = JSON.parse(readFileSync(file, 'utf8')) as object;
    for (const other of [{ untilUptime: uptime() - 1 }, { start: 'another' }, { until: 'never' }, { by: null }]) {
      writeFileSync(file, JSON.stringify({ ...said, ...other }));
      expect(announcedNow(state, now - 86_400_000)).toBeNull();
    }
    writeFileSync(file, 'no JSON');
    expect(announcedNow(state, now)).toBeNull();
    announce(state, 60, now, { by, reason: null });
    endAnnouncement(state);
    expect(announcedNow(state, now)).toBeNull();
  } finally {
    rmSync(state, { recursive: true });
  }
});
