import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKernel, createRun, type Kernel, NamespaceRefused, type RunRequest } from '../../src/kernel/index.ts';
import { inside, tell } from '../../src/kernel/inside.fixture.ts';
import { audit } from '../../src/verbs/audit.ts';
import { diff } from '../../src/verbs/diff.ts';
import type { AuditJson, DiffJson, ReachJson, TraceJson } from '../../src/verbs/index.ts';
import { reach } from '../../src/verbs/reach.ts';
import { trace } from '../../src/verbs/trace.ts';
import { contextOf, counting, hostOf, machineIn, packetOf, traced, words } from './proving.ts';

const rulesets = join(import.meta.dirname, '../../testdata/rulesets');
const guide = { nft: join(rulesets, 'guide/nft-v4.save'), legacy: join(rulesets, 'guide/legacy-v4.save') };
const docker = join(rulesets, 'docker/nft-v4.save');
const kernel = createKernel();

const listening = `import net from 'node:net'; import dgram from 'node:dgram';
  await Promise.all([22, 80, 3306].map((port) => new Promise((done) => net.createServer().listen(port, '::', done))));
  const dns = dgram.createSocket('udp6'); await new Promise((done) => dns.bind(53, '::', done)); console.log('ready');`;

function value<T>(outcome: object): T {
  if (!('value' in outcome)) throw new Error(JSON.stringify(outcome));
  return outcome.value as T;
}

function faultsOf(outcome: object): unknown {
  return 'faults' in outcome ? outcome.faults : [];
}

describe.each(['nft', 'legacy'] as const)('a machine with the guide in %s', (backend) => {
  it('has only findings that the kernel confirms, with few rehearsals', async () => {
    await using host = await kernel.namespace({
      links: [{ name: 'eth0', addresses: ['198.51.100.10/24', '2001:db8::10/64'] }],
    });
    await tell(host, 'ip route add default via 198.51.100.1', 'ip -6 route add default via 2001:db8::1');
    const loaded = await host.run({ argv: [`iptables-${backend}-restore`], input: readFileSync(guide[backend], 'latin1') });
    expect(loaded).toMatchObject({ status: 0 });
    await using servers = await inside(host, listening);
    expect(servers.said).toBe('ready');
    const { kernel: counted, made } = counting(machineIn(host));
    const outcome = await audit.run(contextOf(counted).context, audit.input.parse({ prove: true }));
    expect(outcome.kind).toBe('found');
    const { findings } = value<AuditJson>(outcome);
    expect(
      findings.map(({ witness, proof, id, family }) => `${id} ${family} ${witness === null ? 'no packet' : words(proof)}`),
    ).toEqual(findings.map(({ id, family, witness }) => `${id} ${family} ${witness === null ? 'no packet' : 'agrees'}`));
    const shown = findings.filter(({ witness }) => witness !== null);
    expect(new Set(shown.map(({ family, witness }) => family ?? (witness?.packet.src.includes(':') ? 6 : 4)))).toEqual(
      new Set([4, 6]),
    );
    expect(new Set(shown.map(({ witness }) => witness?.packet.hook))).toEqual(new Set(['input', 'output']));
    // Each is a namespace and a neighbour that sends; packets that differ in flags alone need rehearsals of their own.
    expect(made()).toBeLessThanOrEqual(12);
  });
});

/** Rules about everything that can be said of a packet; its chains end in DROP. */
const rules = (icmp: string): string =>
  `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -p udp -m udp --dport 5000 -j NOTRACK\nCOMMIT\n` +
  `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n` +
  ['INPUT', 'FORWARD', 'OUTPUT']
    .map(
      (chain) =>
        `-A ${chain} -m conntrack --ctstate INVALID -j REJECT\n-A ${chain} -m mark --mark 0x7 -j ACCEPT\n` +
        `-A ${chain} -m conntrack --ctstate UNTRACKED -j ACCEPT\n-A ${chain} -m conntrack --ctstate RELATED -j ACCEPT\n` +
        `-A ${chain} -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A ${chain} -p tcp -m tcp --dport 22 -j ACCEPT\n` +
        `-A ${chain} -p ${icmp} -j ACCEPT\n`,
    )
    .join('') +
  'COMMIT\n';

const ends = {
  4: { me: '198.51.100.10', you: '203.0.113.9', icmp: { proto: 'icmp', icmpType: 3, icmpCode: 1 } },
  6: { me: '2001:db8::10', you: '2001:db8:ffff::9', icmp: { proto: 'icmpv6', icmpType: 1, icmpCode: 0 } },
} as const;

describe.each([4, 6] as const)('an IPv%i packet', (family) => {
  const { me, you, icmp } = ends[family];
  const from = { input: { src: you, dst: me }, forward: { src: you, dst: me, out: 'eth1' }, output: { src: me, dst: you } };
  const host = hostOf({ [family]: rules(family === 4 ? 'icmp' : 'ipv6-icmp') });
  const states = [
    ['new', { proto: 'tcp', dport: 22 }, 6],
    ['new, of another port', { proto: 'tcp', dport: 23 }, 'policy'],
    ['established', { proto: 'tcp', dport: 24, flags: ['ACK'], state: 'ESTABLISHED' }, 5],
    ['established, of UDP', { proto: 'udp', dport: 24, state: 'ESTABLISHED' }, 5],
    ['related', { ...icmp, length: 128, state: 'RELATED', original: { src: you, dst: me, sport: 1234, dport: 99 } }, 4],
    ['untracked before its way', { proto: 'udp', dport: 25, state: 'UNTRACKED' }, 3],
    ['marked before its way', { proto: 'udp', dport: 26, mark: 7 }, 2],
    ['invalid', { proto: 'tcp', dport: 27, flags: [], state: 'INVALID' }, 1],
  ] as const;

  it.each(['nft', 'legacy'] as const)('is sent as it says it is, on every way (%s)', async (backend) => {
    // What answers is on its way back.
    const back = (hook: string): object => (hook === 'output' ? { direction: 'reply' } : {});
    const packets = (['input', 'forward', 'output'] as const).flatMap((hook) =>
      states.map(([what, json]) => ({
        what: `${hook}: ${what}`,
        packet: packetOf({ length: 100, ...json, hook, ...from[hook], ...('original' in json && back(hook)) }),
      })),
    );
    const seen = await traced(
      host,
      packets.map(({ packet }) => packet),
      { backend },
    );
    const told = packets.map(({ what }, index) => `${what}: ${seen[index]?.said}, ${words(seen[index]?.proof)}`);
    expect(told).toEqual(
      packets.map(({ what, packet: { hook } }, index) => {
        const rule = states[index % states.length]?.[2];
        const verdict = rule === 'policy' ? 'DROP' : rule === 1 ? 'REJECT' : 'ACCEPT';
        return `${what}: ${verdict} ${hook.toUpperCase()} ${rule}, agrees, led`;
      }),
    );
  });
});

it.each(['nft', 'legacy'] as const)('a packet that only nat accepts met the rule that is named (%s)', async (backend) => {
  const text = readFileSync(join(rulesets, `sshuttle/${backend}-v6.save`), 'latin1');
  const packet = packetOf({ hook: 'output', src: '2001:db8::10', dst: '2001:db8:ffff::9', proto: 'tcp', dport: 22, length: 100 });
  const [seen] = await traced(hostOf({ 6: text }), [packet], { backend });
  expect([seen?.said, words(seen?.proof)]).toEqual(['ACCEPT sshuttle-12300 3', 'agrees, led']);
});

describe('what cannot be sent', () => {
  const input = { hook: 'input', src: '203.0.113.9', dst: '198.51.100.10', proto: 'tcp', dport: 22 };
  const host = hostOf({ 4: rules('icmp') });

  it.each([
    ['INVALID though it opens a connection', { state: 'INVALID' }, /^it is INVALID only within a connection/],
    ['NEW with flags of no first packet', { flags: ['FIN'] }, /^the kernel takes it for INVALID, not for NEW$/],
    ['a later fragment', { fragment: true, sport: null, dport: null, flags: [] }, /puts fragments together first/],
    ['with a mark of its connection', { connmark: 1 }, /^no packet brings the mark of a connection/],
    ['too short to be one', { length: 10 }, /^no IPv4 packet is 10 bytes long$/],
    [
      'an error to somebody else than it concerns',
      {
        proto: 'icmp',
        dport: null,
        icmpType: 3,
        icmpCode: 1,
        state: 'RELATED',
        original: { src: '203.0.113.9', dst: '192.0.2.1' },
      },
      /^an error goes to the sender/,
    ],
    ['RELATED to what only a helper knows', { state: 'RELATED' }, /^its connection could not be opened$/],
    [
      'of a translated connection',
      { state: 'ESTABLISHED', flags: ['ACK'], original: { src: '203.0.113.9', dst: '192.0.2.1', sport: 40000, dport: 80 } },
      /^its connection is translated/,
    ],
  ])('is said to be so: %s', async (_, json, why) => {
    const [seen] = await traced(host, [packetOf({ ...input, ...json })]);
    expect(words(seen?.proof)).toMatch(why);
  });

  it('says nothing of the others, which are sent', async () => {
    const seen = await traced(host, [packetOf({ ...input, state: 'INVALID' }), packetOf(input)]);
    expect(seen.map(({ proof }) => proof.ran)).toEqual([false, true]);
  });

  it('is everything where rules ask sets that are not known', async () => {
    const asking = hostOf({ 4: rules('icmp').replace('-p icmp', '-m set --match-set friends src') });
    const unknown = { known: false, why: 'they were not read', remedy: 'read them' } as const;
    const [seen] = await traced(asking, [packetOf(input)], { sets: unknown });
    expect(words(seen?.proof)).toBe('the sets that its rules ask are unknown: they were not read');
  });

  it('is everything where the backend is not there', async () => {
    const run = createRun();
    const without: Kernel = createKernel({
      run: async (request) =>
        request.argv.includes('iptables-legacy-restore') ? { kind: 'missing', tool: 'iptables-legacy-restore' } : run(request),
    });
    const [seen] = await traced(host, [packetOf(input)], { context: contextOf(without).context, backend: 'legacy' });
    expect(words(seen?.proof)).toContain('iptables-legacy-restore');
  });

  it('is everything where no namespace is to be had', async () => {
    const refused = { code: 'no-namespace', message: 'this host forbids user namespaces', hint: 'run palisade as root' } as const;
    const without: Kernel = { ...kernel, namespace: () => Promise.reject(new NamespaceRefused(refused)) };
    const [seen] = await traced(host, [packetOf(input)], { context: contextOf(without).context });
    expect(words(seen?.proof)).toBe('this host forbids user namespaces; run palisade as root');
  });
});

describe('a claim that the kernel contradicts', () => {
  /** A kernel in which the rules are others than those that were read. */
  const run = createRun();
  const change = (request: RunRequest): RunRequest =>
    request.argv.some((word) => word.endsWith('-restore')) && typeof request.input === 'string'
      ? { ...request, input: request.input.replaceAll('--dport 22 -j ACCEPT', '--dport 22 -j DROP') }
      : request;
  const other = createKernel({ run: (request) => run(change(request)) });
  const said = [
    expect.objectContaining({
      code: 'kernel-disagrees',
      message: expect.stringMatching(
        /"dport":22.* palisade says ACCEPT by IPv4 filter INPUT 1, and the kernel did DROP by IPv4 filter INPUT 1$/,
      ),
      hint: expect.stringContaining('please report it'),
    }),
  ];

  it('is reported as a fault by audit, beside findings that agree', async () => {
    const outcome = await audit.run(contextOf(other).context, audit.input.parse({ ruleset: [guide.nft], prove: true }));
    // Several findings are about SSH.
    expect(outcome).toMatchObject({ kind: 'unknown', faults: expect.arrayContaining([...said]) });
    const { findings } = value<AuditJson>(outcome);
    const shown = findings.map(({ id, proof }) => `${id} ${words(proof)}`);
    expect(shown).toContain('FW-RATE-01 DISAGREES, led');
    expect(shown).toContain('FW-BASE-04 agrees, led');
  });

  it('is reported by trace, reach and diff', async () => {
    const { context, parts } = contextOf(other);
    const asked = { ruleset: [guide.nft], src: '203.0.113.9', dst: '198.51.100.1', prove: true };
    expect(await trace.run(context, trace.input.parse({ ...asked, dport: '22' }))).toMatchObject({
      kind: 'unknown',
      faults: said,
    });
    expect(await trace.run(context, trace.input.parse({ ...asked, dport: '80' }))).toMatchObject({ kind: 'done', faults: [] });
    expect(parts.map((part) => words((part as TraceJson).proof))).toEqual(['DISAGREES, led', 'agrees, led']);
    const reached = await reach.run(context, reach.input.parse({ ruleset: [guide.nft], prove: true }));
    expect(reached).toMatchObject({ kind: 'unknown', faults: said });
    await using folder = await mkdtempDisposable('/tmp/palisade-prove-');
    const without = join(folder.path, 'rules');
    writeFileSync(without, readFileSync(guide.nft, 'latin1').replace(/^.*--dport 22 .*\n/m, ''));
    const changed = await diff.run(context, diff.input.parse({ before: guide.nft, after: without, prove: true }));
    const where = expect.objectContaining({
      message: expect.stringMatching(/^diff, before: .*ACCEPT by IPv4 filter INPUT 1, and the kernel did DROP/),
    });
    expect([changed.kind, faultsOf(changed)]).toEqual(['unknown', [where, where]]);
  });
});

describe('the packets of reach and diff', () => {
  const local = (to: string, link: string): object => ({ to, type: 'local', table: 'local', link });
  const facts = {
    links: [{ name: 'eth0' }, { name: 'docker0' }, { name: 'br-b555ea82a5bb' }, { name: 'br-89033ba2a1eb' }],
    addresses: [
      { link: 'eth0', address: '198.51.100.10/24' },
      { link: 'docker0', address: '172.17.0.1/16' },
      { link: 'br-b555ea82a5bb', address: '172.30.0.1/24' },
      { link: 'br-89033ba2a1eb', address: '172.18.0.1/16' },
    ],
    routes: [
      { to: 'default', via: '198.51.100.1', link: 'eth0' },
      { to: '198.51.100.0/24', link: 'eth0' },
      { to: '172.17.0.0/16', link: 'docker0' },
      { to: '172.30.0.0/24', link: 'br-b555ea82a5bb' },
      { to: '172.18.0.0/16', link: 'br-89033ba2a1eb' },
      local('198.51.100.10', 'eth0'),
      local('172.17.0.1', 'docker0'),
      local('172.30.0.1', 'br-b555ea82a5bb'),
      local('172.18.0.1', 'br-89033ba2a1eb'),
      local('127.0.0.0/8', 'lo'),
    ],
    routingRules: [
      { priority: 0, table: 'local' },
      { priority: 32766, table: 'main' },
    ],
    sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.all.rp_filter': '0' },
    foreignChains: [],
  };

  it('go the way of the host’s own routes and translations', async () => {
    const host = JSON.stringify(facts);
    const { context } = contextOf();
    const { writeFileSync, mkdtempSync, rmSync } = await import('node:fs');
    const folder = mkdtempSync('/tmp/palisade-prove-');
    try {
      writeFileSync(join(folder, 'facts'), host);
      const outcome = await reach.run(
        context,
        reach.input.parse({ ruleset: [docker], facts: join(folder, 'facts'), prove: true }),
      );
      expect(outcome).toMatchObject({ kind: 'done', faults: [] });
      const { rows } = value<ReachJson>(outcome);
      const shown = rows.map(({ witness, goals }) => `${goals[0]?.kind} ${words(witness?.proof)}`);
      expect(new Set(shown)).toEqual(new Set(['host agrees', 'published agrees', 'through agrees']));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are what both rulesets do with them, in the kernel too', async () => {
    const outcome = await diff.run(contextOf().context, diff.input.parse({ before: docker, after: guide.nft, prove: true }));
    expect([outcome.kind, faultsOf(outcome)]).toEqual(['found', []]);
    const differences = value<DiffJson>(outcome).families.flatMap(({ ways }) => ways.flatMap((way) => way.differences));
    const shown = differences.flatMap(({ witness }) => (witness === null ? [] : [witness]));
    const both = shown.map(({ proof }) => `${words(proof?.before)}; ${words(proof?.after)}`);
    expect(both.filter((one) => one === 'agrees, led; agrees, led').length).toBeGreaterThan(8);
  });
});
