import { describe, expect, it } from 'vitest';
import { createKernel, type Namespace } from '../../src/kernel/index.ts';
import { tell } from '../../src/kernel/inside.fixture.ts';
import type { TraceJson } from '../../src/verbs/index.ts';
import { trace } from '../../src/verbs/trace.ts';
import { contextOf, machineIn } from './proving.ts';

const kernel = createKernel();
const rules =
  '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n';

async function machine(...tables: readonly string[]): Promise<Namespace> {
  const host = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.10/24'] }] });
  const loaded = await host.run({ argv: ['iptables-nft-restore'], input: rules });
  if (loaded.kind !== 'exited' || loaded.status !== 0) throw new Error(JSON.stringify(loaded));
  for (const table of tables) await tell(host, `nft '${table}'`);
  return host;
}

interface Asked {
  readonly kind: string;
  readonly traces: readonly TraceJson[];
}

async function asked(host: Namespace, ...flags: readonly object[]): Promise<Asked[]> {
  const answers: Asked[] = [];
  for (const one of flags) {
    const { context, parts } = contextOf(machineIn(host));
    const input = { src: '203.0.113.9', dst: '198.51.100.10', ...one };
    const { kind } = await trace.run(context, trace.input.parse(input));
    answers.push({ kind, traces: parts as TraceJson[] });
  }
  return answers;
}

const said = ({ kind, traces }: Asked): string =>
  `${kind}: ${traces.map(({ verdict, certainty, beside }) => `${verdict} ${certainty} ${beside.map((name) => name.split(' (')[0]).join(', ')}`.trim())}`;

const ssh = { dport: '22' };
const closed = { dport: '23' };
const out = { hook: 'output', src: '198.51.100.10', dst: '203.0.113.9', dport: '443' };

describe('trace beside chains of nft', () => {
  it('is certain where there are none', async () => {
    await using host = await machine();
    expect((await asked(host, ssh, closed)).map(said)).toEqual(['done: ACCEPT certain', 'done: DROP certain']);
  });

  it('only possibly accepts what a filter also sees; what is dropped stays dropped', async () => {
    const guard = 'table inet guard { chain in { type filter hook input priority -1; tcp dport 22 drop; }; }';
    await using host = await machine(guard);
    expect((await asked(host, ssh, closed, out, { ...ssh, brief: true })).map(said)).toEqual([
      'done: ACCEPT possible inet guard in',
      'done: DROP certain inet guard in',
      'done: ACCEPT certain',
      'done: ACCEPT possible inet guard in',
    ]);
    // The chain does drop it: what the rules of iptables accept proves nothing, and is not said to.
    const [proved, dropped] = await asked(host, { ...ssh, prove: true }, { ...closed, prove: true });
    expect(proved?.traces[0]?.proof).toEqual({ ran: false, why: expect.stringContaining('inet guard in') });
    expect(dropped?.traces[0]?.proof).toMatchObject({ ran: true, agrees: true, led: false });
  });

  it('does not know where one rewrites before, and names it', async () => {
    const shift = 'table ip shift { chain pre { type nat hook prerouting priority -110; tcp dport 22 redirect to :23; }; }';
    await using host = await machine(shift);
    const answers = await asked(host, ssh, closed, { ...closed, prove: true }, out);
    expect(answers.map(said)).toEqual([
      'unknown: ACCEPT unknown ip shift pre',
      'unknown: DROP unknown ip shift pre',
      'unknown: DROP unknown ip shift pre',
      'done: ACCEPT certain',
    ]);
    expect(answers[2]?.traces[0]?.proof).toEqual({ ran: false, why: expect.stringContaining('ip shift pre') });
  });

  it('says the same of very many packets', async () => {
    const guard = 'table inet guard { chain in { type filter hook input priority -1; tcp dport 22 drop; }; }';
    await using host = await machine(guard);
    const packet = (port: number): string =>
      JSON.stringify({ hook: 'input', src: '203.0.113.9', dst: '198.51.100.10', proto: 'tcp', dport: port });
    const { context, parts } = contextOf(machineIn(host));
    const lines = Array.from({ length: 600 }, (_, index) => packet(20 + (index % 4))).join('\n');
    const stdin = async (): Promise<Uint8Array> => Buffer.from(lines);
    await trace.run({ ...context, stdin }, trace.input.parse({ packets: '-', brief: true }));
    const words = (parts as TraceJson[]).map(({ verdict, certainty }) => `${verdict} ${certainty}`);
    expect(words.slice(0, 4)).toEqual(['DROP certain', 'DROP certain', 'ACCEPT possible', 'DROP certain']);
    expect(words.filter((one) => one === 'ACCEPT possible')).toHaveLength(150);
  });
});
