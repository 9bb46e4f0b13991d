import { afterEach, describe, expect, test } from 'vitest';
import { healthyState } from '../state/state.fixture.ts';
import { type Body, counted, type FakeServer, startFakeServer } from '../zabbix/server.fixture.ts';
import { zabbix } from './zabbix.ts';

interface Sent {
  readonly key: string;
  readonly value: string;
  readonly id: number;
  readonly state?: number;
}

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

async function fakeServer(answer: (body: Body) => unknown): Promise<FakeServer> {
  const server = await startFakeServer(answer);
  cleanup.push(() => server[Symbol.asyncDispose]());
  return server;
}

/** An agent on a clock that moves as far as it waits. */
function agent(server: string, more: Body = {}) {
  let now = 1_764_550_000_000;
  let turns = 0;
  const said: string[] = [];
  const end = new AbortController();
  const settings = zabbix.settings.parse({ server, ...more });
  const waits: ((turn: number) => void)[] = [];
  const done = zabbix.run(
    settings,
    {
      clock: { now: () => now },
      host: 'fw1',
      state: async () => ({ ok: true, state: healthyState() }),
      changed: async (forMs) => {
        now += forMs;
        turns += 1;
        for (const wait of waits) wait(turns);
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
      say: (text) => said.push(text),
    },
    end.signal,
  );
  cleanup.push(async () => {
    end.abort();
    await done;
  });
  return {
    said,
    end,
    done,
    after: (count: number) =>
      new Promise<void>((resolve) => {
        waits.push((turn) => {
          if (turn >= count) resolve();
        });
      }),
    move: (ms: number) => {
      now += ms;
    },
  };
}

const wants = (...keys: readonly string[]) => ({
  response: 'success',
  data: keys.map((key) => ({ key, delay: '1m', lastlogsize: 0 })),
});
const valuesIn = (asked: readonly Body[]): readonly Sent[] =>
  asked.flatMap(({ request, data }) => (request === 'agent data' ? (data as Sent[]) : []));

describe('an active agent', () => {
  test('asks what is wanted, and brings it as often as it is wanted', async () => {
    const { asked, server } = await fakeServer(({ request, data }) =>
      request === 'active checks'
        ? wants('iptables.get', 'agent.ping', 'vfs.file.contents[/etc/shadow]')
        : counted((data as unknown[]).length),
    );
    const run = agent(server, { metadata: 'palisade web', interface: '198.51.100.7', 'refresh-seconds': 300 });
    await run.after(5);
    expect(asked[0]).toMatchObject({
      ...{ request: 'active checks', host: 'fw1', host_metadata: 'palisade web', interface: '198.51.100.7' },
    });
    const values = valuesIn(asked);
    expect(values.slice(0, 3).map(({ key, state }) => [key, state])).toEqual([
      ['iptables.get', undefined],
      ['agent.ping', undefined],
      ['vfs.file.contents[/etc/shadow]', 1],
    ]);
    expect(JSON.parse(values[0]?.value ?? '')).toMatchObject({ readable: 1, score: 98 });
    // A minute lies between two of the same.
    expect(values.filter(({ key }) => key === 'agent.ping').length).toBeLessThanOrEqual(5);
    expect(values.map(({ id }) => id)).toEqual(values.map((_, index) => index + 1));
    expect(run.said).toEqual([]);
  });

  test('sends the same ids again while nobody answers, says so once, and drops what is too old', async () => {
    let isAway = false;
    const { asked, server } = await fakeServer(({ request, data }) => {
      if (request === 'active checks') return wants(...Array.from({ length: 200 }, (_, index) => `item${index}`));
      return isAway ? null : counted((data as unknown[]).length);
    });
    const run = agent(server, { 'refresh-seconds': 3600 });
    await run.after(2);
    isAway = true;
    await run.after(40);
    isAway = false;
    const before = asked.length;
    await run.after(60);
    expect(run.said.filter((line) => line.includes('is not told'))).toHaveLength(1);
    expect(run.said.filter((line) => line.includes('is told again'))).toHaveLength(1);
    expect(run.said.some((line) => line.includes('are lost'))).toBe(true);
    // What waited comes in its order, none twice, and never more than there is room for.
    const taken = valuesIn(asked.slice(before)).map(({ id }) => id);
    expect(taken).toEqual([...new Set(taken)].toSorted((a, b) => a - b));
    for (const { data } of asked) if (Array.isArray(data)) expect(data.length).toBeLessThanOrEqual(250);
  });

  test('is told that the server does not know it, and asks again', async () => {
    let known = false;
    const { server } = await fakeServer(({ request }) => {
      if (request !== 'active checks') return counted(1);
      return known ? wants('agent.ping') : { response: 'failed', info: 'host [fw1] not found' };
    });
    const run = agent(server);
    await run.after(5);
    expect(run.said).toEqual([expect.stringContaining('host [fw1] not found')]);
    known = true;
    await run.after(30);
    expect(run.said[1]).toContain('is told again');
  });

  test('says when values are refused, and does not send them again', async () => {
    const { asked, server } = await fakeServer(({ request }) =>
      request === 'active checks' ? wants('agent.ping') : counted(0, 1),
    );
    const run = agent(server, { 'refresh-seconds': 3600 });
    await run.after(3);
    expect(run.said[0]).toContain('refused 1 of 1 values');
    const ids = valuesIn(asked).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('lives on whatever is answered', async () => {
    const hostile: readonly unknown[] = [
      Buffer.from('HTTP/1.1 500\r\n\r\n'),
      Buffer.concat([Buffer.from('ZBXD\u0003\uffff\uffff', 'latin1'), Buffer.alloc(40, 255)]),
      [],
      { response: 'success', data: { key: 1 } },
      {
        response: 'success',
        data: [null, 1, 'x', { key: 5 }, { key: 'a', delay: '0' }, { key: 'b', delay: 'x' }, { key: 'agent.ping', delay: 1e30 }],
      },
      { response: 'success', data: 'x'.repeat(1000) },
      {},
      null,
    ];
    let turn = 0;
    const { asked, server } = await fakeServer(() => hostile[turn++ % hostile.length]);
    const run = agent(server, { 'refresh-seconds': 1 });
    await run.after(60);
    expect(asked.length).toBeGreaterThan(10);
    run.end.abort();
    await run.done;
  });

  test('gives up a server that says nothing, and ends at once when it is asked to', async () => {
    const { server } = await fakeServer(() => undefined);
    const run = agent(server, { 'timeout-seconds': 1 });
    await run.after(1);
    expect(run.said).toEqual([expect.stringContaining('no answer within 1 s')]);
    run.move(3_600_000);
    run.end.abort();
    await run.done;
  });

  test('says what is missing for a key', async () => {
    const run = agent('127.0.0.1:1', { tls: 'psk' });
    await run.after(2);
    expect(run.said).toEqual([expect.stringContaining('tls: psk needs psk-identity and psk-file')]);
  });

  test('tells servers that want it that it lives', async () => {
    const { asked, server } = await fakeServer(({ request }) => {
      if (request === 'active checks') return { ...wants('agent.ping'), config_revision: 7 };
      return request === 'agent data' ? counted(1) : null;
    });
    const run = agent(server);
    await run.after(4);
    expect(asked.filter(({ request }) => request === 'active check heartbeat')[0]).toMatchObject({
      host: 'fw1',
      heartbeat_freq: 60,
    });
    expect(run.said).toEqual([]);
  });
});
