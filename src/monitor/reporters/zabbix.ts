import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { StateRead } from '../state/index.ts';
import { type Checks, checksIn, type Wanted } from '../zabbix/checks.ts';
import { call, itemsOf, masterKey, sendValues, type Where } from '../zabbix/index.ts';
import { reached, serverSettings } from '../zabbix/settings.ts';
import { createUnsent } from '../zabbix/unsent.ts';
import type { Reporter, ReporterContext } from './reporter.ts';

const settings = z.strictObject({
  ...serverSettings,
  metadata: z
    .string()
    .max(255)
    .default('palisade')
    .describe('What Zabbix’s actions for autoregistration know this host by (host metadata).'),
  interface: z
    .string()
    .max(255)
    .optional()
    .describe('The address or name that Zabbix enters for this host when it registers itself.'),
  'refresh-seconds': z.number().min(1).max(3600).default(120).describe('How often the server is asked what it wants to know.'),
});

type Settings = z.output<typeof settings>;

/** Between attempts to reach a server that is away; doubled each time. */
const firstWaitMs = 1000;
const lastWaitMs = 60_000;
/** A state that is published anew is brought at once, but not more often than so. */
const leastMs = 1000;
/** As which agent we speak. In packets it is not said: who says one to a 7.0 must know items by numbers, and not by keys. */
const protocolVersion = '6.0.0';

/**
 * An active agent, as Zabbix's own: it asks the server which items it wants, and brings them. `iptables.get` comes as often as the server wants it,
 * and at once when the state changes. While the server is away values wait, so many as there is room for; none is taken twice.
 */
export const zabbix: Reporter<typeof settings> = {
  name: 'zabbix',
  summary: 'an active agent of Zabbix, which brings the state to a server',
  settings,
  run: (said, context, signal) => agent(said, context, signal).run(),
};

function agent(said: Settings, context: ReporterContext, signal: AbortSignal) {
  const { clock } = context;
  const host = said.host ?? context.host;
  const unsent = createUnsent();
  /** When each item is due, by its key, in epoch milliseconds. */
  let due = new Map<string, { readonly wanted: Wanted; at: number }>();
  let heartbeats = false;
  let refreshAt = 0;
  let heartbeatAt = 0;
  /** Why the server cannot be told anything now, as was said; `null`: it can. */
  let failing: string | null = null;
  let waitMs = firstWaitMs;
  let retryAt = 0;
  /** Of the values that went without an answer the last one's id: the server may have them, and then counts them as failed. */
  let unanswered = 0;

  const where = (): ReturnType<typeof reached> => reached(said, async (file) => (await readFile(file, 'utf8')).trim());

  function failed(why: string): void {
    if (failing !== why) context.say(`Zabbix at ${said.server} is not told how this host stands: ${why}`);
    failing = why;
    // Not all hosts at once, when a server that was away comes back.
    retryAt = clock.now() + waitMs * (0.75 + Math.random() / 2);
    waitMs = Math.min(waitMs * 2, lastWaitMs);
  }

  function worked(): void {
    if (failing !== null) context.say(`Zabbix at ${said.server} is told again how this host stands`);
    failing = null;
    waitMs = firstWaitMs;
    retryAt = 0;
  }

  async function refresh(to: Where): Promise<boolean> {
    const ask = { request: 'active checks', host, host_metadata: said.metadata };
    const answer = await call(to, { ...ask, ...(said.interface !== undefined && { interface: said.interface }) }, signal);
    const checks: Checks = answer.ok ? checksIn(answer.value) : { kind: 'refused', why: answer.why };
    if (checks.kind === 'refused') {
      // A server that does not know the host registers it, if it has an action for that: it is asked again soon.
      if (!signal.aborted) failed(checks.why);
      return false;
    }
    heartbeats = checks.heartbeats;
    refreshAt = clock.now() + said['refresh-seconds'] * 1000;
    const before = due;
    due = new Map(checks.checks.map((wanted) => [wanted.key, { wanted, at: before.get(wanted.key)?.at ?? 0 }]));
    return true;
  }

  async function send(to: Where): Promise<boolean> {
    while (unsent.size > 0) {
      const values = unsent.batch();
      const at = clock.now();
      const sent = await sendValues(to, { request: 'agent data', session: unsent.session, values, at }, signal);
      if (sent.kind !== 'counted') {
        if (sent.kind === 'unanswered') unanswered = values.at(-1)?.id ?? unanswered;
        if (!signal.aborted) failed(sent.why);
        return false;
      }
      const mayBeThere = (values[0]?.id ?? 0) <= unanswered;
      unsent.done(values);
      // They would be refused again: items that were taken away meanwhile, or hosts that are not monitored.
      const { failed: refused, total } = sent.counts;
      if (refused > 0 && !mayBeThere)
        context.say(`Zabbix at ${said.server} refused ${refused} of ${total} values: see that ${host} is monitored there`);
    }
    return true;
  }

  /** Reads what is due. One reading of the state serves all items. */
  async function read(): Promise<void> {
    const now = clock.now();
    let state: StateRead | null = null;
    for (const entry of due.values()) {
      if (entry.at > now) continue;
      entry.at = now + entry.wanted.everyMs;
      const { key } = entry.wanted;
      if (key === masterKey) state ??= await context.state();
      const value = readingOf(key, host, state);
      const stamp = { host, key, clock: Math.floor(now / 1000), ns: (now % 1000) * 1_000_000 };
      unsent.add(value === null ? { ...stamp, value: 'Unsupported item key.', state: 1 } : { ...stamp, value });
    }
  }

  async function turn(): Promise<void> {
    await read();
    const lost = unsent.takeLost();
    if (lost > 0) context.say(`${lost} values for Zabbix at ${said.server} are lost: it has been away for too long`);
    const now = clock.now();
    if (now < retryAt) return;
    const isIdle = unsent.size === 0 && now < refreshAt && !(heartbeats && now >= heartbeatAt);
    if (isIdle) return;
    const to = await where();
    if (!to.ok) return failed(to.why);
    if (now >= refreshAt) {
      if (!(await refresh(to.where))) return;
      await read();
    }
    if (heartbeats && clock.now() >= heartbeatAt) {
      heartbeatAt = clock.now() + 60_000;
      // There is no answer to it.
      await call(to.where, { request: 'active check heartbeat', host, heartbeat_freq: 60 }, signal);
    }
    if (await send(to.where)) worked();
  }

  function nextAt(): number {
    const server = [retryAt > 0 ? retryAt : refreshAt, ...(heartbeats ? [heartbeatAt] : [])];
    return Math.min(...server, ...[...due.values()].map(({ at }) => at));
  }

  return {
    async run(): Promise<void> {
      while (!signal.aborted) {
        await turn();
        const forMs = Math.max(nextAt() - clock.now(), leastMs);
        const began = clock.now();
        await orAborted(context.changed(forMs), signal);
        const master = due.get(masterKey);
        // Another state: what was not waited for to the end.
        if (master !== undefined && clock.now() - began < forMs)
          master.at = Math.min(master.at, Math.max(clock.now(), began + leastMs));
      }
    },
  };
}

/** `null`: no item of this agent's. */
function readingOf(key: string, host: string, state: StateRead | null): string | null {
  switch (key) {
    case masterKey:
      return state === null ? null : itemsOf(state);
    case 'agent.ping':
      return '1';
    case 'agent.hostname':
      return host;
    case 'agent.version':
      return protocolVersion;
    default:
      return null;
  }
}

/** Listens to the signal only so long, since a run goes on for months. */
function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', end, { once: true });
    promise.then(end, end);
  });
}
