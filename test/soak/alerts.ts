/**
 * `npm run soak -- alerts [SECONDS]`: incidents begin, are acknowledged and end, while their receiver is down, slow, answers 429, 500 and garbage, hangs up, or
 * takes a message without saying so; and the sender, a process of its own, is killed at random moments. In the end each message has been taken once
 * by its id, each thread in its order. Then thousands of incidents at once: how long the sender's loop stands still.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../src/store/index.ts';
import { send } from '../../src/verbs/alerting/sending.ts';
import { contextAside } from '../../src/verbs/aside-context.ts';
import { Receiver } from '../alerting/receiver.ts';
import { incidentOf, sendWhileKilled, settingsFor } from '../alerting/sending.ts';
import { createHolding } from './holding.ts';

const { say, holds, end } = createHolding();
const seconds = Number(process.argv[2] ?? 40);

const sent = await sendWhileKilled({
  ...{ forMs: seconds * 1000, everyMs: 40, killEveryMs: 1500, settleMs: 180_000, random: Math.random },
});
say(
  `${sent.incidents} incidents, ${sent.kills} kills: ${sent.attempts} attempts, ${sent.messages} messages, ${sent.repeated} taken again by the same id`,
);
holds(
  'nothing is lost, nothing is doubled, each thread is in its order',
  sent.wrong.length === 0,
  sent.wrong.slice(0, 10).join('\n'),
);
holds('the sender was killed', sent.kills > 0, 'it was not');
await stalls();
end();

async function stalls(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-soak-alerts-'));
  await using receiver = new Receiver();
  const url = await receiver.open();
  const opened = openStore(folder, { clock: { now: () => Date.now() }, writer: 'a soak' });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  const { value: store } = opened;
  const stop = new AbortController();
  const errand = {
    ...{
      stateFolder: folder,
      policyFile: '/nowhere',
      settings: settingsFor(url),
      env: {},
      writer: 'a soak',
      host: 'web1',
      socket: null,
    },
  };
  const running = send(contextAside(errand, stop.signal), errand, () => undefined);
  await sleep(1500);
  await receiver.feel('500');
  const delay = monitorEventLoopDelay({ resolution: 5 });
  for (let from = 0; from < 2000; from += 100) {
    for (let each = from; each < from + 100; each += 1) store.incident(incidentOf(`i${each}`, 'high'));
    store.commit();
    delay.enable();
    await sleep(300);
    // What writes incidents here is another process elsewhere.
    delay.disable();
  }
  delay.enable();
  await receiver.feel('well');
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline && receiver.taken.size < 2000) await sleep(100);
  delay.disable();
  say(
    `the loop stood still for ${(delay.max / 1e6).toFixed(0)} ms at most, ${(delay.percentile(99) / 1e6).toFixed(1)} ms in 99 of 100 (wall clock: others use this machine too)`,
  );
  holds('2,000 incidents were told', receiver.taken.size === 2000, `${receiver.taken.size} of them`);
  stop.abort();
  await running;
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
}
