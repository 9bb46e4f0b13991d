import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whole } from '../cli/render/audit.ts';
import { createKernel, type Kernel, type Namespace } from '../kernel/index.ts';
import { audit } from './audit.ts';
import type { Context } from './verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-script-'));
afterAll(() => rmSync(folder, { recursive: true }));

const guide = join(import.meta.dirname, '../../testdata/scripts/guide.sh');
const kernel = createKernel();

function contextIn(namespace: Namespace | null, env: Context['env'] = {}): Context {
  const inside: Pick<Kernel, 'read' | 'connections'> = {
    read: (options) => kernel.read({ ...options, ...(namespace !== null && { namespace }) }),
    connections: (options) => kernel.connections({ ...options, ...(namespace !== null && { namespace }) }),
  };
  return {
    clock: { now: () => 0 },
    kernel: { ...kernel, ...inside },
    progress: () => undefined,
    signal: new AbortController().signal,
    stdin: async () => new Uint8Array(),
    env,
  } as unknown as Context;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const facts = file(
  'facts.json',
  JSON.stringify({
    links: [{ name: 'eth0' }],
    addresses: [{ link: 'eth0', address: '198.51.100.10/24' }],
    sessions: [{ local: '198.51.100.10', peer: '203.0.113.66', peerPort: 51_234, process: 'sshd' }],
  }),
);
const rules = file('rules.v4', '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n');

function outcomeOf(input: object, context = contextIn(null)): ReturnType<typeof audit.run> {
  return audit.run(context, audit.input.parse(input));
}

async function asked(input: object, context?: Context) {
  const outcome = await outcomeOf(input, context);
  if (!('value' in outcome)) throw new Error(JSON.stringify(outcome.problems));
  const value = audit.output.parse(outcome.value);
  if (value.script === undefined) throw new Error('no script');
  return { kind: outcome.kind, value, script: value.script };
}

function drawn(value: Parameters<typeof whole>[0]): string {
  return whole(value, { columns: null, paint: (_, text) => text });
}

describe('audit --script', () => {
  it('names the command of the guide that cuts the session of SSH_CONNECTION, and prints it in one go', async () => {
    await using namespace = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.10/24'] }] });
    const context = contextIn(namespace, { SSH_CONNECTION: '203.0.113.66 51234 198.51.100.10 22' });
    for (const fresh of [true, false]) {
      const answer = await asked({ script: guide, fresh }, context);
      expect(answer.kind).toBe('found');
      expect(answer.script).toMatchObject({
        start: fresh ? 'empty' : 'live',
        commands: 11,
        transactions: 11,
        sessions: [{ peer: '203.0.113.66', named: true, cut: { line: 2, sure: true, until: { line: 5 } }, lockedOut: false }],
        refused: [],
        notUnderstood: [],
        equivalent: { added: [], safe: true, transactions: [{ family: 4, tool: 'iptables-restore', tables: ['filter'] }] },
      });
      const text = drawn(answer.value);
      expect(text).toContain(`Line 2 (sudo iptables -P INPUT DROP) cuts the session of 203.0.113.66 port 51234 until line 5`);
      expect(text).toContain(`IPv4 filter INPUT policy (${guide}:2)`);
      expect(text).toMatch(/\niptables-restore <<'EOF'\n\*filter\n:INPUT DROP \[0:0\]\n(?:.*\n)*COMMIT\nEOF\n$/);
    }
  });

  it('begins with the rules of files, and their sessions', async () => {
    const script = file('one.sh', 'iptables -A INPUT -p tcp --dport 22 -j DROP\nip6tables -P INPUT DROP\n');
    const answer = await asked({ script, ruleset: [`4:${rules}`], facts, failOn: 'critical' });
    expect(answer.kind).toBe('found');
    expect(answer.script).toMatchObject({
      start: 'files',
      assumed: [expect.stringContaining('no IPv6 rules before the script')],
      sessions: [{ peer: '203.0.113.66', cut: { line: 1, until: null }, lockedOut: true }],
    });
    // The rules of the end have the lines of the script.
    const locked = answer.value.findings.find(({ id }) => id === 'FW-OPS-02');
    expect(locked?.at).toEqual([{ family: 4, table: 'filter', chain: 'INPUT', rule: 1, line: 1 }]);
    expect(answer.script.equivalent.added).toHaveLength(1);
    expect(drawn(answer.value)).toContain(
      'The script alone would lock somebody out, so this has besides: -A INPUT -s 203.0.113.66/32',
    );
  });

  it('takes the peer that was named before all others', async () => {
    const script = file('named.sh', 'iptables -A INPUT -s 203.0.113.66 -j ACCEPT\niptables -P INPUT DROP\n');
    const sessionsOf = async (peer: string | undefined) => {
      const answer = await asked({ script, ruleset: [`4:${rules}`], facts, peer });
      return answer.script.sessions.map(({ peer: who, peerPort, lockedOut }) => [who, peerPort, lockedOut]);
    };
    expect(await sessionsOf(undefined)).toEqual([['203.0.113.66', 51_234, false]]);
    expect(await sessionsOf('203.0.113.66')).toEqual([['203.0.113.66', 51_234, false]]);
    expect(await sessionsOf('203.0.113.9:7')).toEqual([['203.0.113.9', 7, true]]);
    expect(await sessionsOf('[2001:db8::9]:7')).toEqual([['2001:db8::9', 7, null]]);
  });

  it('says line by line what it does not understand, and is not sure of what comes behind', async () => {
    const script = file(
      'unclear.sh',
      'iptables -P FORWARD DROP\niptables -A INPUT -s $ADMIN -j ACCEPT\niptables -P INPUT DROP\n',
    );
    const answer = await asked({ script, fresh: true, peer: '203.0.113.9' }, contextIn(await made()));
    expect(answer.script.notUnderstood).toMatchObject([{ line: 2, message: expect.stringContaining('$ADMIN') }]);
    expect(answer.script.sessions).toMatchObject([{ cut: { line: 3, sure: false } }]);
    expect(answer.value.unknown.filter(({ why }) => why.startsWith('line 2, ')).map(({ id }) => id)).toEqual([
      'FW-OPS-01',
      'FW-OPS-02',
      'FW-OPS-03',
      'FW-OPS-06',
    ]);
    expect(answer.value.findings.every(({ id, certainty }) => certainty === 'possible' || id === 'FW-OPS-03')).toBe(true);
  });

  it.each([
    [{ peer: 'nobody', script: guide }, '--peer nobody is no address'],
    [{ peer: '203.0.113.9' }, '--peer goes with --script'],
    [{ fresh: true }, '--fresh goes with --script'],
    [{ fresh: true, ruleset: [rules], script: guide }, '--fresh and --ruleset do not go together'],
  ])('refuses %j', async (input, message) => {
    expect(await outcomeOf(input)).toMatchObject({ kind: 'invalid', problems: [{ code: 'usage', message }] });
  });

  it('does not begin with rules that could not be read', async () => {
    const context = contextIn(null);
    const texts = await kernel.read();
    const unreadable = { read: false, why: 'rights', tool: 'iptables-nft-save', detail: 'only root may' } as const;
    const blind = { ...texts, texts: { ...texts.texts, nftSave4: unreadable, legacySave4: unreadable } };
    const answer = await outcomeOf({ script: guide }, { ...context, kernel: { ...context.kernel, read: async () => blind } });
    expect(answer).toMatchObject({ kind: 'unread', problems: [{ hint: expect.stringContaining('--fresh') }] });
  });
});

const kept = new AsyncDisposableStack();
afterAll(() => kept.disposeAsync());

async function made(): Promise<Namespace> {
  return kept.use(await kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.10/24'] }] }));
}
