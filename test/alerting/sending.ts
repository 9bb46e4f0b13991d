import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../../src/kernel/index.ts';
import { acknowledge, openOutboxReading, openStore } from '../../src/store/index.ts';
import type { SendErrand } from '../../src/verbs/alerting/told.ts';
import { defaultSettings } from '../../src/verbs/config/index.ts';
import type { Incident } from '../../src/watch/index.ts';
import { type Mood, moods, Receiver } from './receiver.ts';

export interface Sent {
  /** What should not be; empty: all is well. */
  readonly wrong: readonly string[];
  readonly incidents: number;
  readonly messages: number;
  readonly repeated: number;
  readonly attempts: number;
  readonly kills: number;
}

/** The settings of a sender to one receiver, at once and without limits. */
export function settingsFor(url: string): SendErrand['settings'] {
  return {
    ...defaultSettings,
    alerts: {
      channels: { hook: { type: 'webhook', url, 'allow-private': true, 'timeout-seconds': 2 } },
      routes: [
        {
          to: ['hook'],
          severity: 'info',
          'group-by': 'incident',
          wait: '0s',
          'group-every': '0s',
          'resolve-wait': '0s',
          'at-most': '9999/1h',
        },
      ],
    },
  };
}

/**
 * Incidents begin, are acknowledged and end, while the receiver has its moods and the sender, a process of its own, is killed at random moments. In the
 * end all of it has come, once, in its order.
 */
export async function sendWhileKilled(options: {
  readonly forMs: number;
  readonly random: () => number;
  readonly everyMs: number;
  /** Of kills, on average. */
  readonly killEveryMs: number;
  readonly settleMs: number;
}): Promise<Sent> {
  const { forMs, random, everyMs, killEveryMs, settleMs } = options;
  const folder = mkdtempSync(join(tmpdir(), 'palisade-alerts-'));
  await using receiver = new Receiver();
  const url = await receiver.open();
  const opened = openStore(folder, { clock: { now: () => Date.now() }, writer: 'a test' });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  const { value: store } = opened;
  const incidents = new Map<string, Incident>();
  const acknowledged = new Set<string>();
  const put = (incident: Incident): void => {
    incidents.set(incident.id, incident);
    store.incident(incident);
    store.commit();
  };
  let kills = 0;
  let sender = begin(folder, url);
  // What was over before anybody ever sent is told to nobody.
  await sender.ready;
  const wrong: string[] = [];
  try {
    const end = performance.now() + forMs;
    let killAt = performance.now() + 2 * killEveryMs * random();
    let moodAt = 0;
    // On a machine that is busy little happens in a time.
    for (let count = 0; performance.now() < end || count < 8 || kills === 0; count += 1) {
      if (performance.now() >= moodAt) {
        await receiver.feel(moods[Math.floor(random() * moods.length)] as Mood);
        moodAt = performance.now() + 1500 * random();
      }
      put(incidentOf(`i${count}`, random() < 0.2 ? 'critical' : 'high'));
      const older = incidents.get(`i${Math.floor(random() * (count + 1))}`) as Incident;
      const chance = random();
      if (chance < 0.5) put({ ...older, state: 'closed' });
      else if (chance < 0.6 && acknowledge(folder, older.id, 'kim', Date.now()).ok) acknowledged.add(older.id);
      if (performance.now() >= killAt) {
        process.kill(sender.pid, 'SIGKILL');
        await sender.ended;
        kills += 1;
        await sleep(100 * random());
        sender = begin(folder, url);
        // Now and then one is killed while it begins.
        if (random() < 0.8) await sender.ready;
        killAt = performance.now() + 2 * killEveryMs * random();
      }
      await sleep(2 * everyMs * random());
    }
    await receiver.feel('well');
    for (const incident of incidents.values()) if (incident.state === 'open') put({ ...incident, state: 'closed' });
    const deadline = performance.now() + settleMs;
    while (performance.now() < deadline && !isSettled(folder, receiver, incidents, acknowledged)) await sleep(100);
    await sleep(1500);
    wrong.push(...faults(receiver, incidents, acknowledged), ...notDelivered(folder));
  } finally {
    await sender[Symbol.asyncDispose]();
    store[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
  const { taken, repeated, attempts } = receiver;
  return { wrong, incidents: incidents.size, messages: taken.size, repeated, attempts, kills };
}

function begin(folder: string, url: string) {
  const errand: SendErrand = {
    ...{
      stateFolder: folder,
      policyFile: '/nowhere',
      settings: settingsFor(url),
      env: {},
      writer: 'a test',
      host: 'web1',
      socket: null,
    },
  };
  const program = join(import.meta.dirname, '../../src/verbs/alerting/sender.ts');
  const child = start({ argv: [process.execPath, program] });
  const ready = (async (): Promise<void> => {
    for await (const line of child.lines) {
      if (!line.includes('"kind":"sending"')) continue;
      // Its first look follows at once.
      child.output.resume();
      return;
    }
  })();
  child.say(JSON.stringify(errand));
  return Object.assign(child, { ready });
}

export function incidentOf(id: string, severity: Incident['severity']): Incident {
  return {
    ...{ id, detector: 'vertical-scan', severity, title: `${id} \u001b[31m"scanned"`, why: '30 ports', remedy: 'Close them.' },
    ...{ sources: [], sourceCount: 0, targets: ['198.51.100.1'], first: Date.now(), last: Date.now(), events: 1 },
    ...{ evidence: ['FW-DROP …'], spoofable: true, trusted: true, state: 'open' },
  };
}

function endsOf(receiver: Receiver): Set<string> {
  return new Set(
    [...receiver.taken.values()].flatMap(({ alerts }) =>
      alerts.filter(({ state }) => state === 'resolved').map(({ key }) => key),
    ),
  );
}

function isSettled(
  folder: string,
  receiver: Receiver,
  incidents: ReadonlyMap<string, Incident>,
  acknowledged: ReadonlySet<string>,
): boolean {
  const ends = endsOf(receiver);
  return [...incidents.keys()].every((id) => ends.has(id) || acknowledged.has(id)) && notDelivered(folder).length === 0;
}

function notDelivered(folder: string): string[] {
  const opened = openOutboxReading(folder);
  if (!opened.ok) return ['there is no outbox'];
  using outbox = opened.value;
  return outbox
    .posted({ states: ['waiting', 'dead'], most: 1000 })
    .map(
      ({ id, state, why, attempts, next }) => `${id} is ${state}: ${why} (${attempts} attempts, next in ${next - Date.now()} ms)`,
    );
}

function faults(
  { taken, changed }: Receiver,
  incidents: ReadonlyMap<string, Incident>,
  acknowledged: ReadonlySet<string>,
): string[] {
  const wrong = changed.map((id) => `${id} came with other words`);
  const places = new Map<string, number>();
  const said = new Map<string, string[]>();
  for (const { thread, sequence, alerts, kind } of taken.values()) {
    const before = places.get(thread) ?? -1;
    if (sequence <= before) wrong.push(`${thread}: ${sequence} came behind ${before}`);
    places.set(thread, sequence);
    for (const { key, state, severity } of alerts)
      said.set(key, [...(said.get(key) ?? []), kind === 'digest' && state === 'resolved' ? 'passed' : `${state} ${severity}`]);
  }
  for (const [id, { severity }] of incidents) {
    const words = said.get(id) ?? [];
    const text = words.join(', ');
    const whole = [
      `firing ${severity}, resolved ${severity}`,
      `firing ${severity}, acknowledged ${severity}, resolved ${severity}`,
      'passed',
    ];
    // What somebody acknowledged before anybody was told is told to nobody.
    if (!whole.includes(text) && !(text === '' && acknowledged.has(id))) wrong.push(`${id}: ${text}`);
  }
  return wrong;
}
