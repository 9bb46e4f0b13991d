import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whole } from '../cli/render/connections.ts';
import { open, serve } from '../kernel/connection.fixture.ts';
import { createKernel, type Namespace } from '../kernel/index.ts';
import { connections } from './connections.ts';
import { type ConnectionsJson, connectionsReport } from './connections-shape.ts';
import type { Context } from './verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-connections-'));
afterAll(() => rmSync(folder, { recursive: true }));
const kernel = createKernel();

function contextIn(namespace: Namespace | null, more: Partial<Context['kernel']> = {}): Context {
  const inside = namespace === null ? {} : { namespace };
  return {
    clock: { now: () => 0 },
    kernel: {
      ...kernel,
      read: (options: object) => kernel.read({ ...options, ...inside }),
      connections: (options: object) => kernel.connections({ ...options, ...inside }),
      ...more,
    },
    progress: () => undefined,
    signal: new AbortController().signal,
    env: {},
  } as unknown as Context;
}

async function asked(context: Context, input: object = {}): Promise<{ kind: string; value: ConnectionsJson }> {
  const outcome = await connections.run(context, connections.input.parse(input));
  if (!('value' in outcome)) throw new Error(JSON.stringify(outcome));
  return { kind: outcome.kind, value: connectionsReport.parse(outcome.value) };
}

function drawn(report: ConnectionsJson): string {
  return whole(report, { columns: null, paint: (_, text) => text }).replace(/ +/g, ' ');
}

async function shell(namespace: Namespace, text: string): Promise<void> {
  expect(await namespace.run({ argv: ['sh', '-ec', text] })).toMatchObject({ status: 0 });
}

describe('connections', () => {
  it('lists what goes on, first what the rules would no longer let in', async () => {
    await using stack = new AsyncDisposableStack();
    const client = stack.use(await kernel.namespace());
    const host = stack.use(
      await kernel.namespace({
        beside: client,
        links: [
          {
            name: 'eth0',
            addresses: ['198.51.100.10/24'],
            peer: { namespace: client, name: 'peer0', addresses: ['198.51.100.66/24'] },
          },
        ],
      }),
    );
    await shell(
      host,
      'iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -p tcp --dport 80 -j ACCEPT; iptables -P INPUT DROP',
    );
    for (const port of [22, 80]) {
      stack.use(await serve(host, port));
      const connection = await open(client, '198.51.100.10', port);
      expect(await connection?.ask(20_000)).toBe('alive');
      if (connection !== null) stack.use(connection);
    }
    await shell(host, 'iptables -D INPUT -p tcp --dport 80 -j ACCEPT');
    const { kind, value } = await asked(contextIn(host));
    expect(kind).toBe('done');
    expect(value.connections.map(({ direction, peer, first, anew }) => [direction, peer.address, first.dport, anew])).toEqual([
      ['inbound', '198.51.100.66', 80, 'no'],
      ['inbound', '198.51.100.66', 22, 'yes'],
    ]);
    expect(value.connections[1]).toMatchObject({
      tracked: true,
      state: 'ESTABLISHED',
      translated: null,
      opens: [{ verdict: 'ACCEPT', decidedBy: { chain: 'INPUT', rule: 2 }, rule: '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT' }],
      now: [{ decidedBy: { chain: 'INPUT', rule: 1 } }, { decidedBy: { chain: 'OUTPUT', rule: 'policy' } }],
    });
    const text = drawn(value);
    expect(text).toContain('2 connections; 1 of them would not be let in by the present rules.');
    expect(text).toMatch(
      /198\.51\.100\.10:80 \S+ accepted before the rules changed: now DROP by INPUT policy INPUT 1, OUTPUT policy\n/,
    );
    expect(text).toMatch(/198\.51\.100\.10:22 \S+ INPUT 2 INPUT 1, OUTPUT policy\n/);
  });

  it('says what could not be read, and that nothing could', async () => {
    await using host = await kernel.namespace();
    const missing = { read: false, why: 'rights', tool: 'cat', detail: 'Permission denied' } as const;
    const real = await kernel.connections({ namespace: host });
    const half = await asked(contextIn(host, { connections: async () => ({ ...real, tracked: missing }) }));
    expect(half.kind).toBe('unknown');
    expect(half.value.unknown).toMatchObject([{ what: 'what is tracked and forwarded', remedy: 'run palisade as root' }]);
    const blind = contextIn(host, { connections: async () => ({ sockets: missing, tracked: missing }) });
    expect(await connections.run(blind, connections.input.parse({}))).toMatchObject({ kind: 'unread', problems: [{}, {}] });
  });

  it('knows of files only their sessions', async () => {
    const facts = join(folder, 'facts.json');
    const ruleset = join(folder, 'rules.v4');
    writeFileSync(ruleset, '*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n');
    writeFileSync(
      facts,
      JSON.stringify({
        links: [{ name: 'eth0' }],
        addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
        listeners: [{ proto: 'tcp', port: 22 }],
        sessions: [{ local: '198.51.100.10', peer: '203.0.113.66', peerPort: 51_234, process: 'sshd' }],
      }),
    );
    const { kind, value } = await asked(contextIn(null), { ruleset: [`4:${ruleset}`], facts });
    expect(kind).toBe('unknown');
    expect(value.connections).toMatchObject([
      {
        direction: 'inbound',
        process: 'sshd',
        tracked: null,
        anew: 'no',
        now: [{ verdict: 'ACCEPT', decidedBy: { rule: 1 } }, {}],
      },
    ]);
    expect(value.unknown.map(({ what }) => what)).toEqual(['what is tracked and forwarded']);
  });
});
