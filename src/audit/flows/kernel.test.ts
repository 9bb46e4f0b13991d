import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, open, serve } from '../../kernel/connection.fixture.ts';
import { createKernel, type Namespace } from '../../kernel/index.ts';
import { connectionsFromTexts, type Host, hostFromTexts } from '../../model/host/index.ts';
import { formatAddress } from '../../model/net/index.ts';
import type { RuleRef } from '../../model/packet/index.ts';
import { type FlowReport, type JudgedFlow, judgeFlows } from './index.ts';

/**
 * A router with real connections of four kinds: to it, over both families; through it, translated; and from it. The kernel's own
 * counters say which rules their packets meet, and new connections whether they would be let in.
 */
const kernel = createKernel();
const made = new AsyncDisposableStack();
let client: Namespace;
let router: Namespace;
const open4: Record<'ssh' | 'web' | 'out' | 'gone', Connection | null> = { ssh: null, web: null, out: null, gone: null };
let open6: Connection | null;

const rules4 = `*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080
-A POSTROUTING -o lan0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -i eth0 -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 2200 -j ACCEPT
-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A FORWARD -i eth0 -d 10.0.0.5/32 -p tcp -m tcp --dport 8080 -j ACCEPT
-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 9000 -j ACCEPT
COMMIT
`;
const rules6 = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A OUTPUT -p ipv6-icmp -j ACCEPT
COMMIT
`;

async function shell(namespace: Namespace, text: string, input = ''): Promise<string> {
  const result = await namespace.run({ argv: ['sh', '-ec', text], input });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${text}: ${JSON.stringify(result)}`);
  return result.stdout;
}

async function opened(from: Namespace, address: string, port: number): Promise<Connection> {
  const connection = await open(from, address, port);
  if (connection === null) throw new Error(`no connection to ${address} port ${port}`);
  made.use(connection);
  expect(await connection.ask(20_000)).toBe('alive');
  return connection;
}

beforeAll(async () => {
  client = made.use(await kernel.namespace());
  const inner = made.use(await kernel.namespace({ beside: client }));
  router = made.use(
    await kernel.namespace({
      beside: client,
      links: [
        {
          name: 'eth0',
          addresses: ['203.0.113.10/24', '2001:db8:1::10/64'],
          peer: { namespace: client, name: 'peer0', addresses: ['203.0.113.66/24', '2001:db8:1::66/64'] },
        },
        { name: 'lan0', addresses: ['10.0.0.1/24'], peer: { namespace: inner, name: 'in0', addresses: ['10.0.0.5/24'] } },
      ],
    }),
  );
  await shell(router, 'sysctl -qw net.ipv4.ip_forward=1');
  await shell(router, 'iptables-restore', rules4);
  await shell(router, 'ip6tables-restore', rules6);
  for (const port of [22, 2200]) made.use(await serve(router, port));
  made.use(await serve(inner, 8080));
  made.use(await serve(client, 9000));
  open4.ssh = await opened(client, '203.0.113.10', 22);
  open4.gone = await opened(client, '203.0.113.10', 2200);
  open4.web = await opened(client, '203.0.113.10', 80);
  open4.out = await opened(router, '203.0.113.66', 9000);
  open6 = await opened(client, '2001:db8:1::10', 22);
  await shell(router, 'iptables -D INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 2200 -j ACCEPT');
}, 60_000);

afterAll(() => made.disposeAsync());

async function read(): Promise<{ readonly host: Host; readonly report: FlowReport }> {
  const host = hostFromTexts(await kernel.read({ namespace: router }));
  const connections = connectionsFromTexts(await kernel.connections({ namespace: router }));
  return { host, report: judgeFlows(host, connections) };
}

/** The one flow of the client's or the router's own port. */
function flowOf({ flows }: FlowReport, connection: Connection | null): JudgedFlow {
  const found = flows.filter(({ flow }) => flow.first.sport === connection?.port);
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} flows of port ${connection?.port}`);
  return one;
}

function refs(judged: JudgedFlow['now']): readonly string[] {
  return judged.map(({ trace }) => placeOf(trace?.decidedBy ?? null));
}

function placeOf(ref: RuleRef | null): string {
  return ref === null ? 'none' : `${ref.table} ${ref.chain} ${ref.rule}`;
}

/** Rules of filter that counted packets since. */
async function counting(family: 4 | 6, doing: () => Promise<unknown>): Promise<readonly string[]> {
  const tool = family === 4 ? 'iptables' : 'ip6tables';
  await shell(router, `${tool} -Z`);
  await doing();
  const numbers = new Map<string, number>();
  const met: string[] = [];
  for (const line of (await shell(router, `${tool}-save -c -t filter`)).split('\n')) {
    const [, packets, chain = ''] = /^\[(\d+):\d+\] -A (\S+)/.exec(line) ?? [];
    if (packets === undefined) continue;
    numbers.set(chain, (numbers.get(chain) ?? 0) + 1);
    if (packets !== '0') met.push(`filter ${chain} ${numbers.get(chain)}`);
  }
  return met;
}

describe('connections that are real', () => {
  it('are found, each once, with their ways, ends and processes', async () => {
    const { report } = await read();
    expect(report.unknown).toEqual([]);
    const said = [open4.ssh, open4.gone, open4.web, open4.out, open6].map((connection) => {
      const { flow } = flowOf(report, connection);
      const address = (value: bigint): string => formatAddress({ family: flow.family, value });
      const { first, onward } = flow;
      return `${flow.direction} ${address(first.src)} > ${address(first.dst)}:${first.dport}, ${address(onward.src)} > ${address(onward.dst)}:${onward.dport}, ${flow.process}, ${flow.tracked?.state}`;
    });
    // Node's threads bear its name.
    expect(said.map((one) => one.replace(/, (?:node|MainThread),/, ', node,'))).toEqual([
      'inbound 203.0.113.66 > 203.0.113.10:22, 203.0.113.66 > 203.0.113.10:22, node, ESTABLISHED',
      'inbound 203.0.113.66 > 203.0.113.10:2200, 203.0.113.66 > 203.0.113.10:2200, node, ESTABLISHED',
      'forwarded 203.0.113.66 > 203.0.113.10:80, 10.0.0.1 > 10.0.0.5:8080, null, ESTABLISHED',
      'outbound 203.0.113.10 > 203.0.113.66:9000, 203.0.113.10 > 203.0.113.66:9000, node, ESTABLISHED',
      'inbound 2001:db8:1::66 > 2001:db8:1::10:22, 2001:db8:1::66 > 2001:db8:1::10:22, node, ESTABLISHED',
    ]);
    expect(report.flows.filter(({ flow }) => flow.proto === 6)).toHaveLength(5);
  });

  it('pass by the rules that are named, as the kernel counts them', async () => {
    const { report } = await read();
    for (const [name, connection] of Object.entries({ ...open4, six: open6 })) {
      const flow = flowOf(report, connection);
      const met = await counting(flow.flow.family, async () => expect(await connection?.ask(20_000)).toBe('alive'));
      expect([...new Set(refs(flow.now))].sort(), name).toEqual([...met].sort());
      expect(flow.now.every(({ trace }) => trace?.verdict === 'ACCEPT')).toBe(true);
    }
  });

  it('would be let in anew by the rules that are named, or would not', async () => {
    const { report } = await read();
    const asked = [
      { connection: open4.ssh, from: client, address: '203.0.113.10', port: 22 },
      { connection: open4.gone, from: client, address: '203.0.113.10', port: 2200 },
      { connection: open4.web, from: client, address: '203.0.113.10', port: 80 },
      { connection: open4.out, from: router, address: '203.0.113.66', port: 9000 },
      { connection: open6, from: client, address: '2001:db8:1::10', port: 22 },
    ];
    for (const { connection, from, address, port } of asked) {
      const { flow, anew, first } = flowOf(report, connection);
      let isIn = false;
      const met = await counting(flow.family, async () => {
        await using again = await open(from, address, port, anew === 'no' ? 1500 : 20_000);
        isIn = again !== null;
      });
      expect(anew, `${address} port ${port}`).toBe(isIn ? 'yes' : 'no');
      if (isIn) expect(met).toContain(refs(first)[0]);
    }
    expect(flowOf(report, open4.gone)).toMatchObject({
      anew: 'no',
      now: [{ trace: { verdict: 'ACCEPT' } }, { trace: { verdict: 'ACCEPT' } }],
    });
  });

  it('that lost the rule of nat that led them would not get there', async () => {
    await shell(router, 'iptables -t nat -F PREROUTING');
    const { report } = await read();
    expect(flowOf(report, open4.web)).toMatchObject({ anew: 'no', why: 'no rule of nat leads it to where it goes any more' });
    expect(await open4.web?.ask(20_000)).toBe('alive');
    await using again = await open(client, '203.0.113.10', 80, 1500);
    expect(again).toBeNull();
  });

  it('depend on rules of nft beside, and are not judged where those rewrite', async () => {
    await shell(
      router,
      "nft 'add table inet guard; add chain inet guard in { type filter hook input priority 10; policy drop; }; add rule inet guard in accept'",
    );
    const { report } = await read();
    expect(flowOf(report, open4.ssh)).toMatchObject({ anew: 'depends', why: expect.stringContaining('inet guard in') });
    expect(flowOf(report, open4.out).anew).toBe('yes');
    await shell(
      router,
      "nft 'add chain inet guard pre { type filter hook prerouting priority -10; }; add rule inet guard pre meta mark set 1'",
    );
    const changed = (await read()).report;
    expect(flowOf(changed, open4.ssh)).toMatchObject({ anew: 'unknown', now: [{ trace: null }, {}] });
    expect(changed.unknown.map(({ what }) => what)).toContain('what becomes of IPv4 packets on input');
    await shell(router, 'nft delete table inet guard');
  });
});
