import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sliceOf } from '../../../test/slice.ts';
import { type Connection, open, serve } from '../../kernel/connection.fixture.ts';
import { createKernel, type Namespace } from '../../kernel/index.ts';
import { hostFromTexts } from '../../model/host/index.ts';
import { parseAddress } from '../../model/net/index.ts';
import { parseScript, type Script } from '../../model/ruleset/script/index.ts';
import { guideScript } from './examples.ts';
import { asCommand, auditScript, type ScriptAudit } from './index.ts';

/**
 * The kernel as judge of what is said about sessions: a real connection, the real commands one by one, and a byte there and
 * back after each of them.
 */
const kernel = createKernel();
const ssh = 22;
const ends = { 4: ['203.0.113.66', '203.0.113.10'], 6: ['2001:db8:1::66', '2001:db8:1::10'] } as const;

interface Lab extends AsyncDisposable {
  readonly client: Namespace;
  readonly host: Namespace;
}

async function lab(): Promise<Lab> {
  const made = new AsyncDisposableStack();
  const client = made.use(await kernel.namespace());
  const host = made.use(
    await kernel.namespace({
      beside: client,
      links: [
        {
          name: 'eth0',
          addresses: [`${ends[4][1]}/24`, `${ends[6][1]}/64`],
          peer: { namespace: client, name: 'peer0', addresses: [`${ends[4][0]}/24`, `${ends[6][0]}/64`] },
        },
      ],
    }),
  );
  made.use(await serve(host, ssh));
  return { client, host, [Symbol.asyncDispose]: () => made.disposeAsync() };
}

async function shell(namespace: Namespace, text: string): Promise<string> {
  const result = await namespace.run({ argv: ['sh', '-e'], input: text });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${text}: ${JSON.stringify(result)}`);
  return result.stdout;
}

function parsed(text: string): Script {
  const script = parseScript(text, { file: 'script.sh' });
  if (!script.ok) throw new Error(script.problems[0]?.message);
  return script.value;
}

async function connected(where: Lab, family: 4 | 6 = 4): Promise<Connection> {
  const connection = await open(where.client, ends[family][1], ssh);
  if (connection === null) throw new Error('no connection');
  expect(await connection.ask(20_000)).toBe('alive');
  return connection;
}

async function audited(
  { host }: Lab,
  text: string,
  connection: { readonly port: number },
  family: 4 | 6 = 4,
): Promise<ScriptAudit> {
  const [peer, local] = ends[family].map((address) => parseAddress(address));
  if (peer === undefined || local === undefined) throw new Error('no address');
  return auditScript({
    host: hostFromTexts(await kernel.read({ namespace: host })),
    script: parsed(text),
    peer: { peer, peerPort: connection.port, local, localPort: ssh },
  });
}

const patienceMs = 1200;

/** What the kernel does to the connection after each command: the byte of a stall is sent again by TCP, so that it comes later. */
async function lived(
  { host }: Lab,
  connection: Connection,
  text: string,
  expected: readonly string[],
): Promise<readonly string[]> {
  const seen: string[] = [];
  for (const [index, { text: command }] of parsed(text).statements.entries()) {
    await shell(host, command);
    // Where it is to live the kernel has time, also to send again what stalled before.
    seen.push(await connection.ask(expected[index] === 'alive' ? 20_000 : patienceMs));
  }
  return seen;
}

const scripts: Readonly<Record<string, { readonly before?: string; readonly script: string; readonly family?: 4 | 6 }>> = {
  'the guide': { script: guideScript.replace(/^#.*\n/, '') },
  'the guide in IPv6': {
    script: guideScript
      .replace(/^#.*\n/, '')
      .replaceAll('iptables', 'ip6tables')
      .replace('192.168.1.50', '2001:db8::50'),
    family: 6,
  },
  'answers that are denied until replies are accepted': {
    script: 'iptables -P OUTPUT DROP\niptables -A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n',
  },
  'a flush under a policy that drops': {
    before: 'iptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -P INPUT DROP\n',
    script: 'iptables -F INPUT\niptables -A INPUT -p tcp --dport 80 -j ACCEPT\niptables -A INPUT -s 203.0.113.0/24 -j ACCEPT\n',
  },
  'replies accepted before all is denied': {
    script: 'iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\niptables -P INPUT DROP\niptables -P OUTPUT ACCEPT\n',
  },
  'a new connection only by SYN, and the session is older than tracking': {
    script:
      'iptables -A INPUT -p tcp ! --syn -m state --state NEW -j DROP\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -P INPUT DROP\n',
  },
  'a rejection that resets': {
    script:
      'iptables -P FORWARD DROP\niptables -A INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset\niptables -F INPUT\n',
  },
  'a rejection that does not': {
    script: 'iptables -A INPUT -p tcp --dport 22 -j REJECT\niptables -I INPUT -p tcp --dport 22 -j ACCEPT\n',
  },
  'raw and mangle drop too': {
    script:
      'iptables -t raw -A PREROUTING -s 203.0.113.66 -j DROP\niptables -t raw -F\niptables -t mangle -A OUTPUT -d 203.0.113.0/24 -j DROP\niptables -t mangle -F\n',
  },
};

describe('a session that is real', () => {
  for (const [name, { before, script, family = 4 }] of sliceOf(Object.entries(scripts), 2)) {
    it(`stalls and lives as is said of it: ${name}`, async () => {
      await using where = await lab();
      if (before !== undefined) await shell(where.host, before);
      await using connection = await connected(where, family);
      const { subject } = await audited(where, script, connection, family);
      const running = subject.timeline.moments.slice(1).map(({ lives }) => lives[0]?.running);
      let over = false;
      const expected = running.map((one): string => {
        over ||= one?.kind === 'cut' && one.resets;
        if (one?.kind === 'cut' && !one.sure) return 'alive or stalled';
        return over ? 'ended' : one?.kind === 'passes' ? 'alive' : 'stalled';
      });
      const seen = await lived(where, connection, script, expected);
      expect(seen.map((one, index) => (expected[index]?.includes(one) ? expected[index] : one))).toEqual(expected);
    });
  }

  it('that was idle before rules asked for tracking stalls at what is said to be possible', async () => {
    await using where = await lab();
    await using connection = await connected(where);
    const script = 'iptables -A INPUT -p tcp ! --syn -m state --state NEW -j DROP\n';
    const { subject } = await audited(where, script, connection);
    expect(subject.timeline.moments[1]?.lives[0]).toMatchObject({
      running: { kind: 'cut', sure: false },
      fresh: { kind: 'passes' },
    });
    await shell(where.host, script);
    expect(await connection.ask(patienceMs)).toBe('stalled');
  });

  it('of the guide is cut at its first command, which is named', async () => {
    await using where = await lab();
    await using connection = await connected(where);
    const text = readFileSync(new URL('../../../testdata/scripts/guide.sh', import.meta.url), 'latin1');
    const { report } = await audited(where, text, connection);
    const cut = report.findings.find(({ id }) => id === 'FW-OPS-01');
    expect(cut).toMatchObject({ severity: 'critical', certainty: 'certain', at: [{ chain: 'INPUT', rule: 'policy', line: 2 }] });
    expect(cut?.title).toContain('Line 2 (sudo iptables -P INPUT DROP) cuts the session');
    expect(cut?.title).toContain('until line 5');
  });
});

describe('the same change in one go', () => {
  const changes: Readonly<Record<string, { readonly before?: string; readonly script: string }>> = {
    'the guide': { script: guideScript },
    'a reset of rules that were there': {
      before:
        'iptables -P INPUT DROP\niptables -A INPUT -s 203.0.113.0/24 -j ACCEPT\niptables -t nat -A POSTROUTING -o eth9 -j MASQUERADE\n',
      script:
        'iptables -F\niptables -N ssh\niptables -A ssh -m limit --limit 5/min -j LOG --log-prefix "ssh: "\niptables -A ssh -j ACCEPT\niptables -A INPUT -p tcp --dport 22 -j ssh\n',
    },
    'both families': {
      script: guideScript + guideScript.replaceAll('iptables', 'ip6tables').replace('192.168.1.50', '2001:db8::50'),
    },
  };
  for (const [name, { before = '', script }] of sliceOf(Object.entries(changes), 2)) {
    it(`leaves what the script leaves, and no session notices: ${name}`, async () => {
      await using one = await lab();
      await using other = await lab();
      for (const { host } of [one, other]) await shell(host, before);
      await using four = await connected(other, 4);
      await using six = await connected(other, 6);
      const { equivalent, subject } = await audited(other, script, four);
      expect(equivalent).toMatchObject({ added: [], safe: true });
      await shell(one.host, script);
      for (const transaction of equivalent.transactions) {
        const generation = await kernel.generation(other.host);
        await shell(other.host, asCommand(transaction));
        // The kernel took each table at once.
        expect((await kernel.generation(other.host)) ?? 0).toBe((generation ?? 0) + transaction.tables.length);
        for (const connection of [four, six]) expect(await connection.ask(20_000)).toBe('alive');
      }
      expect(await saved(other.host)).toEqual(await saved(one.host));
      // And what was said to be left is what the kernel holds.
      for (const family of [4, 6] as const) {
        const { rulesets } = hostFromTexts(await kernel.read({ namespace: other.host }));
        expect(rulesets[family].known && rulesets[family].value.tables.flatMap(({ rules }) => rules)).toHaveLength(
          subject.timeline.moments.at(-1)?.step?.rules[family] ?? 0,
        );
      }
    });
  }

  it('has the rule that the script lacks', async () => {
    await using where = await lab();
    await using connection = await connected(where);
    const script = guideScript.replace(/.*--dport 22 -j ACCEPT\n/, '');
    const { equivalent, report } = await audited(where, script, connection);
    expect(report.findings.some(({ id, certainty }) => id === 'FW-OPS-02' && certainty === 'certain')).toBe(true);
    expect(equivalent.added).toEqual([
      { family: 4, table: 'filter', rule: '-A INPUT -s 203.0.113.66/32 -p tcp -m tcp --dport 22 -j ACCEPT' },
    ]);
    for (const transaction of equivalent.transactions) await shell(where.host, asCommand(transaction));
    expect(await connection.ask(20_000)).toBe('alive');
    await using again = await open(where.client, ends[4][1], ssh);
    expect(again).not.toBeNull();
    await shell(where.host, `iptables -F\n${script}`);
    expect(await connection.ask(patienceMs)).toBe('stalled');
    await using refused = await open(where.client, ends[4][1], ssh, patienceMs);
    expect(refused).toBeNull();
  });
});

it('a host that is said to stand open between two commands does so then, and only then', async () => {
  await using where = await lab();
  await using _ = await serve(where.host, 3306);
  await shell(where.host, 'iptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -P INPUT DROP\n');
  await using connection = await connected(where);
  const script =
    'iptables -P INPUT ACCEPT\niptables -F INPUT\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -A INPUT -p tcp --dport 80 -j ACCEPT\niptables -P INPUT DROP\n';
  const { subject } = await audited(where, script, connection);
  if (!subject.windows.known) throw new Error(subject.windows.why);
  const [window, ...others] = subject.windows.value;
  if (window === undefined) throw new Error('no window');
  expect(others).toEqual([]);
  const isOpen = async (patience: number): Promise<boolean> => {
    await using other = await open(where.client, ends[4][1], 3306, patience);
    return other !== null;
  };
  const seen = [await isOpen(patienceMs)];
  for (const [index, { text }] of parsed(script).statements.entries()) {
    await shell(where.host, text);
    const expected = window.from <= index + 1 && index + 1 <= window.to;
    seen.push(await isOpen(expected ? 20_000 : patienceMs));
  }
  expect(seen).toEqual(seen.map((__, moment) => window.from <= moment && moment <= window.to));
  expect([window.from, window.to]).toEqual([1, 4]);
});

/** As the kernel prints it, without what counts. */
async function saved(namespace: Namespace): Promise<string> {
  const text = await shell(namespace, 'iptables-save\nip6tables-save\n');
  return text.replace(/^#.*\n/gm, '').replace(/ \[\d+:\d+\]$/gm, '');
}
