import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/analysis/index.ts';
import { bootFiles, bootScript, type OwnRecord } from '../../src/change/index.ts';
import type { Namespace } from '../../src/kernel/index.ts';
import { hostFromFiles } from '../../src/model/host/index.ts';
import { parseAddress } from '../../src/model/net/index.ts';
import { packetFromJson } from '../../src/model/packet/index.ts';
import { emergencyOf, readPolicy } from '../../src/policy/index.ts';
import { type Backend, kernel, must, saved, tool, wantedOf } from './changing.fixture.ts';

/** What the machine's start does, in a namespace that begins without rules; the real order of units is in the soak (boot). */
const folder = mkdtempSync(join(tmpdir(), 'palisade-boot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = join(folder, 'boot.sh');
writeFileSync(script, bootScript);

const admins = Array.from({ length: 12 }, (_, index) => `"198.51.100.${index * 2 + 1}"`).join(', ');
const policy = `palisade: 1
sets: { admins: [${admins}, "2001:db8:7::/48"] }
incoming:
  - { allow: ssh, from: admins, at-most: { new: 3, within: 60s } }
  - { allow: [http, https] }
forwarded:
  - { allow: any, via: wg0, out: eth0, masquerade: ipv4 }
docker:
  - { allow: 8080/tcp }
`;
/** As netfilter-persistent has them: also old rules of ours, which somebody saved, and a jump to who bans. */
const restoredBefore = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:f2b-sshd - [0:0]
:PAL-IN - [0:0]
-A INPUT -p tcp --dport 22 -j f2b-sshd
-A INPUT -s 203.0.113.7 -j DROP
-A INPUT -i lo -j ACCEPT
-A INPUT -j PAL-IN
-A PAL-IN -p tcp --dport 25 -j ACCEPT
-A f2b-sshd -j RETURN
COMMIT
`;

/** The record of a policy that was applied where Docker is. */
async function recordOf(backend: Backend): Promise<OwnRecord> {
  await using ns = await kernel.namespace();
  await tool(ns, [`iptables-${backend}`, '-N', 'DOCKER-USER']);
  await tool(ns, [`ip6tables-${backend}`, '-N', 'DOCKER-USER']);
  const { wanted, sets } = await wantedOf(ns, backend, policy);
  const of = (family: 4 | 6) =>
    (wanted.find((one) => one.family === family)?.own ?? []).map((table) => ({
      ...table,
      policies: new Map([...table.policies].filter(([chain]) => table.table === 'filter' && chain !== 'OUTPUT')),
    }));
  const read = must(
    readPolicy(policy, 'policy.yaml', { now: 0, file: () => null, fetched: () => ({ addresses: [], lacking: null }) }),
  );
  const digest = (one: string): string => createHash('sha256').update(one).digest('hex');
  const peer = parseAddress('192.0.2.99');
  if (peer === undefined) throw new Error('no address');
  const doors = { ports: [2222], peers: [{ address: peer, port: 2222 }] };
  const emergency = emergencyOf(read, doors, { digest, foreignLinks: [], spared: { 4: [], 6: [] }, sendsOn: false });
  const tables = (family: 4 | 6) =>
    emergency[family].map((table) => ({
      ...table,
      jumps: table.jumps.map(({ from, to }) => ({ from, to, position: 1, text: `-A ${from} -j ${to}` })),
    }));
  return {
    at: 1,
    basis: null,
    backend,
    policy: null,
    families: { 4: of(4), 6: of(6) },
    sets,
    emergency: { 4: tables(4), 6: tables(6) },
  };
}

let count = 0;
function stateWith(record: OwnRecord, name = 'current', change: (files: Map<string, string>) => void = () => undefined): string {
  count += 1;
  const state = join(folder, String(count));
  const files = new Map(bootFiles(record, 'host'));
  change(files);
  for (const [file, text] of files) {
    mkdirSync(dirname(join(state, 'boot', '1', file)), { recursive: true, mode: 0o700 });
    writeFileSync(join(state, 'boot', '1', file), text);
  }
  symlinkSync('1', join(state, 'boot', name));
  return state;
}

async function boot(ns: Namespace, what: string, state: string) {
  const result = await ns.run({ argv: ['sh', script, what, state], timeoutMs: 60_000 });
  if (result.kind !== 'exited') throw new Error(result.kind);
  return { status: result.status, word: result.stdout.trim(), said: result.stderr };
}

async function verdict(ns: Namespace, backend: Backend, src: string, dport: number): Promise<string | undefined> {
  const rulesets = await Promise.all(
    ([4, 6] as const).map(async (family) => ({ file: `v${family}`, family, text: await saved(ns, backend, family) })),
  );
  const host = must(hostFromFiles({ rulesets: rulesets.filter(({ text }) => text !== ''), readAt: 0 }));
  const dst = src.includes(':') ? '2001:db8::1' : '198.51.100.200';
  const packet = must(packetFromJson({ hook: 'input', in: 'eth0', src, dst, proto: 'tcp', dport }, { link: 'eth0' }));
  return createEvaluator(host).trace(packet)?.verdict;
}

const records = new Map<Backend, Promise<OwnRecord>>();
const record = (backend: Backend): Promise<OwnRecord> => {
  const known = records.get(backend) ?? recordOf(backend);
  records.set(backend, known);
  return known;
};

describe.each(['nft', 'legacy'] as const)('a machine that starts with iptables-%s', (backend) => {
  it('has its sets, and own rules in their place among those restored before, and changes nothing when asked again', async () => {
    await using ns = await kernel.namespace();
    const state = stateWith(await record(backend));
    expect(await boot(ns, 'sets', state)).toMatchObject({ status: 0, word: 'restored', said: '' });
    await tool(ns, [`iptables-${backend}-restore`], restoredBefore);
    expect(await boot(ns, 'rules', state)).toMatchObject({ status: 0, word: 'restored', said: '' });
    const now = await saved(ns, backend, 4);
    expect(now).toMatch(/-j f2b-sshd\n-A INPUT -s 203.0.113.7\/32 -j DROP\n-A INPUT -j PAL-IN\n-A INPUT -i lo -j ACCEPT\n/);
    expect(now).toContain(':INPUT DROP');
    expect(now).not.toContain('--dport 25');
    expect(await saved(ns, backend, 6)).toContain('-A INPUT -j PAL-IN');
    expect(await boot(ns, 'restore', state)).toMatchObject({ status: 0, word: 'there' });
    expect(await saved(ns, backend, 4)).toBe(now);
    expect(readFileSync(join(state, 'words'), 'utf8')).toMatch(/^\d+ boot the confirmed firewall is restored\n$/);
  });
});

describe('a machine that starts', () => {
  const backend = 'nft';

  it('with a torn set has emergency rules: who manages it comes in, nobody else, and it is said', async () => {
    await using ns = await kernel.namespace();
    const state = stateWith(await record(backend), 'current', (files) => {
      files.set('sets', (files.get('sets') ?? '').split('\n').slice(0, -4).join('\n'));
    });
    expect(await boot(ns, 'rehearse', state)).toMatchObject({ status: 1, said: expect.stringContaining('are damaged') });
    expect((await boot(ns, 'sets', state)).status).toBe(1);
    expect(await tool(ns, ['ipset', 'list', '-n'])).toBe('');
    await tool(ns, [`iptables-${backend}-restore`], restoredBefore);
    const { status, word, said } = await boot(ns, 'rules', state);
    expect({ status, word }).toEqual({ status: 1, word: 'emergency' });
    expect(said).toContain('IPv4 has emergency rules: who manages this host comes in, and nobody else');
    const verdicts = async (src: string) => [
      await verdict(ns, backend, src, 22),
      await verdict(ns, backend, src, 2222),
      await verdict(ns, backend, src, 443),
    ];
    expect(await verdicts('198.51.100.3')).toEqual(['ACCEPT', 'DROP', 'DROP']);
    expect(await verdicts('198.51.100.4')).toEqual(['DROP', 'DROP', 'DROP']);
    expect(await verdicts('192.0.2.99')).toEqual(['DROP', 'ACCEPT', 'DROP']);
    expect(await verdicts('2001:db8:7::9')).toEqual(['ACCEPT', 'DROP', 'DROP']);
    expect(await verdicts('2001:db8:8::9')).toEqual(['DROP', 'DROP', 'DROP']);
    // By hand, once the files are mended: they stand in for nothing.
    expect(await boot(ns, 'restore', stateWith(await record(backend)))).toMatchObject({ status: 0, word: 'restored' });
    expect(await saved(ns, backend, 4)).not.toContain('PAL-EMERGENCY');
  });

  it('without its state, or with one that others may write in, lets in SSH and nothing else', async () => {
    await using ns = await kernel.namespace();
    expect(await boot(ns, 'rules', join(folder, 'none'))).toMatchObject({
      status: 1,
      said: expect.stringMatching(/there is no .*none\n.*IPv4 has the plainest emergency rules/s),
    });
    for (const src of ['203.0.113.9', '2001:db8:8::9'])
      expect([await verdict(ns, backend, src, 22), await verdict(ns, backend, src, 80)]).toEqual(['ACCEPT', 'DROP']);
  });

  it('has what was confirmed when it went down, and not what nobody had confirmed', async () => {
    await using ns = await kernel.namespace();
    const waiting = stateWith(await record(backend));
    mkdirSync(join(waiting, 'pending'));
    writeFileSync(join(waiting, 'pending/place'), 'another-start net:[1]\n');
    writeFileSync(join(waiting, 'pending.json'), '{}');
    expect(await boot(ns, 'sets', waiting)).toMatchObject({ status: 0, said: expect.stringContaining('ended with the machine') });
    expect(existsSync(join(waiting, 'pending')) || existsSync(join(waiting, 'pending.json'))).toBe(false);

    const confirmed = stateWith(await record(backend), 'next');
    mkdirSync(join(confirmed, 'pending'));
    writeFileSync(join(confirmed, 'pending/place'), 'another-start net:[1]\n');
    writeFileSync(join(confirmed, 'pending/disarmed'), '');
    expect(await boot(ns, 'rules', confirmed)).toMatchObject({ status: 0, word: 'restored' });
    expect(existsSync(join(confirmed, 'pending/disarmed'))).toBe(true);
  });

  it('leaves Docker’s chain to Docker, and is entered from it once it is there', async () => {
    await using ns = await kernel.namespace();
    const state = stateWith(await record(backend));
    await boot(ns, 'sets', state);
    await boot(ns, 'rules', state);
    expect(await saved(ns, backend, 4)).not.toContain('DOCKER-USER');
    for (const iptables of ['iptables-nft', 'ip6tables-nft']) {
      await tool(ns, [iptables, '-N', 'DOCKER-USER']);
      await tool(ns, [iptables, '-A', 'DOCKER-USER', '-j', 'RETURN']);
      await tool(ns, [iptables, '-I', 'FORWARD', '-j', 'DOCKER-USER']);
    }
    for (const said of ["palisade: Docker's chains and palisade's stand as they did when they were confirmed\n".repeat(2), ''])
      expect(await boot(ns, 'docker', state)).toEqual({ status: 0, word: 'restored', said });
    expect(await saved(ns, backend, 4)).toContain('-A DOCKER-USER -j PAL-DOCKER\n-A DOCKER-USER -j RETURN\n');
    expect(await saved(ns, backend, 4)).toContain('-A FORWARD -j PAL-FWD\n-A FORWARD -j DOCKER-USER\n');
  });
});
