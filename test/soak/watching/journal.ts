import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasJournald, startJournald } from '../../../src/kernel/journald.fixture.ts';
import { openReading } from '../../../src/store/index.ts';
import { spansOf } from './files.ts';
import { messageOf } from './line.ts';
import { countsIn, createReaders, type Given, harass, settled } from './readers.ts';

/** A real journald, whose files are full again and again, that is restarted, and that once misses records itself. */
export async function soakJournal({ folder: top, seconds, rate, holding, random }: Given): Promise<void> {
  if (!hasJournald()) {
    holding.holds('a journald can be had here (root, systemd, perl)', false, 'it cannot');
    return;
  }
  const folder = join(top, 'journal');
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  await using journald = await startJournald(folder, ['SystemMaxUse=4G', 'SystemKeepFree=1M', 'SystemMaxFileSize=16M']);
  const record = (number: number): string => `4,${number},${1_000_000 + number * 50},-;${messageOf(number)}`;
  await journald.log([record(1)]);
  await sleep(300);
  const readers = createReaders(state, { kind: 'journal', folder: journald.journals });
  await readers.begun();
  const total = seconds * rate;
  const hole = { from: Math.floor(total / 2), length: 1234 };
  const begun = performance.now();
  let restarts = 0;
  const writing = (async () => {
    for (let next = 2; next <= total; ) {
      const due = Math.min(total, 1 + Math.floor(((performance.now() - begun) / 1000) * rate));
      const records: string[] = [];
      for (; next <= due && records.length < 2000; next += 1)
        if (next < hole.from || next >= hole.from + hole.length) records.push(record(next));
      if (records.length > 0) await journald.log(records);
      if (random() < 0.002) {
        restarts += 1;
        await journald.stop();
        await journald.start();
      }
      await sleep(5);
    }
    // What still waits in pipes.
    await sleep(1000);
  })();
  await readers.kill();
  await harass(readers, random, writing);
  const expected = total - 1 - hole.length;
  await settled(state, expected);
  await readers.end();
  const counts = countsIn(state);
  const twice = [...counts].filter(([, count]) => count > 1);
  const missing: number[] = [];
  for (let number = 2; number <= total; number += 1)
    if (!counts.has(number) && (number < hole.from || number >= hole.from + hole.length)) missing.push(number);
  const opened = openReading(state);
  const lost = opened.ok ? opened.value.losses(0).reduce((sum, { count }) => sum + count, 0) : -1;
  holding.say(
    `    ${total} records at ${rate}/s, ${restarts} restarts of journald, ${readers.kills} readers killed; the store holds ${counts.size}, and ${lost} were said to be lost`,
  );
  for (const text of new Set(readers.notices)) holding.say(`    said: ${text}`);
  holding.holds('no record is missing', missing.length === 0, `${missing.length}: ${spansOf(missing)}`);
  holding.holds('no record counts twice', twice.length === 0, `${twice.length}: ${JSON.stringify(twice.slice(0, 20))} …`);
  holding.holds('what journald missed is said exactly', lost === hole.length, `${lost} instead of ${hole.length}`);
}
