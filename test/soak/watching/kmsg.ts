import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createReaders, type Given, type Readers } from './readers.ts';
import { openTally } from './tally.ts';

/**
 * The real ring, which is flooded while a slow reader reads, and while none does. Nobody can write what the kernel alone writes, so that records of
 * every kind are counted: the numbers of the ring must all be accounted for.
 */
export async function soakKmsg({ folder: top, holding, random }: Given): Promise<void> {
  const state = join(top, 'kmsg');
  mkdirSync(state, { recursive: true });
  const tally = openTally(state);
  const readers = createReaders(state, { kind: 'kmsg' });
  await readers.begun();
  const first = nextOf(tally.cursor());
  const next = (): number => nextOf(tally.cursor());
  let written = 0;
  for (let turn = 0; turn < 4; turn += 1) {
    // A quick reader, a slow one, and none.
    await readers.kill();
    const slow = turn % 2 === 1;
    written += flood(1);
    await readers.begun(slow ? { SLOW_MS: '40' } : {});
    await sleep(random() * 300);
    written += flood(1500);
    await sleep(random() * 200);
    await readers.kill();
    written += flood(1500);
  }
  written += flood(1);
  await readers.begun();
  await caughtUp(readers, next);
  const seen = tally.read();
  const numbers = next() - first;
  holding.say(
    `    ${written} records written, ${numbers} in all; ${seen.events + seen.passed} read, ${seen.lost} said to be lost, ${readers.kills} readers killed`,
  );
  for (const text of new Set(readers.notices)) holding.say(`    said: ${text}`);
  holding.holds('more was written than the ring holds', seen.lost > 0, 'nothing was lost: the ring is larger than the flood');
  holding.holds(
    'every number was read or said to be lost',
    seen.events + seen.passed + seen.lost === numbers && numbers >= written,
    `${seen.events} + ${seen.passed} + ${seen.lost} of ${numbers}`,
  );
  tally[Symbol.dispose]();
}

/** Each by a descriptor of its own: the kernel takes only a few at a time by the same (printk_devkmsg). */
function flood(count: number): number {
  for (let index = 0; index < count; index += 1) {
    const fd = openSync('/dev/kmsg', 'w');
    writeSync(fd, `palisade soak ${index}: as long a record as a packet's line ${'.'.repeat(140)}\n`);
    closeSync(fd);
  }
  return count;
}

async function caughtUp(readers: Readers, next: () => number): Promise<void> {
  for (let before = -1, still = 0; still < 5; ) {
    await sleep(200);
    still = next() === before ? still + 1 : 0;
    before = next();
  }
  await readers.end();
}

function nextOf(cursor: string | null): number {
  return (JSON.parse(cursor ?? '{"next":0}') as { next: number }).next;
}
