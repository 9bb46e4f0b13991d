import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { whole } from '../../src/cli/render/show.ts';
import { createKernel, type Kernel, type Namespace, NamespaceRefused } from '../../src/kernel/index.ts';
import { tell } from '../../src/kernel/inside.fixture.ts';
import { defaultSettings } from '../../src/verbs/config/index.ts';
import { type Context, type Outcome, verbs } from '../../src/verbs/index.ts';

/** `show --canonical` from the files to what is printed; the oracle is the tools themselves, in a namespace beside it. */
const kernel = createKernel();
const folder = mkdtempSync(join(tmpdir(), 'palisade-canonical-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));
const show = verbs.find(({ name }) => name === 'show');

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text, { encoding: 'latin1', mode: 0o644 });
  return join(folder, name);
}

function contextOf(of: Kernel, stdin = ''): Context {
  return {
    clock: { now: () => 1_800_000_000_000 },
    kernel: of,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    progress: () => undefined,
    part: async () => undefined,
    signal: new AbortController().signal,
    serve: async () => {
      throw new Error('nothing is served');
    },
    stdin: async () => Buffer.from(stdin, 'latin1'),
    env: {},
    stateFolder: '/nonexistent',
    policyFile: '/nonexistent/policy.yaml',
    settings: defaultSettings,
  };
}

type Shown = Parameters<typeof whole>[0];

async function canonical(flags: Readonly<Record<string, unknown>>, context = contextOf(kernel)): Promise<Outcome<Shown>> {
  if (show === undefined) throw new Error('there is no verb show');
  return (await show.run(context, show.input.parse({ canonical: true, ...flags }))) as Outcome<Shown>;
}

/** Without the date, which is the moment of printing. */
const undated = (text: string): string => text.replace(/ on \w{3} \w{3} .*$/gm, '');
/** What was sent since, such as IGMP's reports of a new link. */
const uncounted = (text: string): string => text.replace(/\[\d+:\d+\]/g, '[0:0]');
/** iptables-legacy-save prints the table first that was used last, which says nothing of the rules. */
const inAnyOrder = (text: string): readonly string[] => text.split(/^(?=# Generated)/m).toSorted();

function printed(outcome: Outcome<Shown>): string {
  if (!('value' in outcome) || outcome.value === null) throw new Error(JSON.stringify(outcome));
  const text = whole(outcome.value, { columns: null, paint: (_, one) => one });
  return undated(Buffer.from(text as Uint8Array).toString('latin1'));
}

const four =
  '*nat\n-A POSTROUTING -o ppp7 -j MASQUERADE\nCOMMIT\n*filter\n:INPUT DROP\n:web - [0:0]\n' +
  '-A INPUT --protocol tcp --dport ssh --src 192.0.2.7/24 -m state --state NEW --jump ACCEPT -m comment --comment caf\xc3\xa9\n' +
  '-A INPUT -i nosuch0 -p tcp -m multiport --dports http,8080:8090 -j web\n-A web -m set --match-set friends src -j ACCEPT\n' +
  '-A web ! -s 10.0.0.0/255.0.0.0 -j LOG --log-prefix "a b"\n[7:420] -A web -j REJECT\nCOMMIT\n';
const six =
  '*filter\n:INPUT DROP [3:5]\n-A INPUT -p icmpv6 --icmpv6-type echo-request -j ACCEPT\n-A INPUT -s 2001:DB8:0::1 -j DROP\nCOMMIT\n';
const sets = 'create friends hash:net family inet hashsize 64 maxelem 100\nadd friends 203.0.113.0/28\n';

async function byHand(ns: Namespace, backend: string): Promise<string> {
  const [one, two, three] = [file('hand.four', four), file('hand.six', six), file('hand.sets', sets)];
  return undated(
    await tell(
      ns,
      `ipset restore -f ${three}`,
      `iptables-${backend}-restore ${one}`,
      `ip6tables-${backend}-restore ${two}`,
      `iptables-${backend}-save`,
      `ip6tables-${backend}-save`,
    ),
  );
}

describe.each(['nft', 'legacy'] as const)('show --canonical with iptables-%s', (backend) => {
  it('prints of files what the tools print of them', async () => {
    await using ns = await kernel.namespace();
    const outcome = await canonical({
      ruleset: [`4:${file('four', four)}`, `6:${file('six', six)}`],
      sets: file('sets', sets),
      facts: file('facts.json', '{"links": [{"name": "eth0"}], "addresses": [{"link": "eth0", "address": "198.51.100.1/24"}]}'),
      backend,
    });
    expect(outcome.kind).toBe('done');
    expect(inAnyOrder(printed(outcome))).toEqual(inAnyOrder(await byHand(ns, backend)));
  });

  it('prints of a live host what its own tools print, with its sets', async () => {
    await using ns = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.1/24'] }] });
    const before = await byHand(ns, backend);
    const host: Kernel = { ...kernel, read: (options) => kernel.read({ ...options, namespace: ns }) };
    const outcome = await canonical({}, contextOf(host));
    expect(outcome.kind).toBe('done');
    expect(inAnyOrder(printed(outcome))).toEqual(inAnyOrder(uncounted(before)));
    const value = 'value' in outcome ? outcome.value : null;
    expect(value?.families.map(({ family, backend: by }) => [family, by])).toEqual([
      [4, backend],
      [6, backend],
    ]);
  });

  it('takes what it printed, and prints it again', async () => {
    const flags = { sets: file('sets', sets), backend };
    const first = printed(await canonical({ ...flags, ruleset: [`4:${file('four', four)}`] }));
    expect(printed(await canonical({ ...flags, ruleset: [file('again', first)] }))).toBe(first);
  });
});

it('asks the backend that wrote the text', async () => {
  const text =
    '# Generated by iptables-save v1.8.9 on Mon Jan  5 10:00:00 2026\n*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n';
  expect(printed(await canonical({ ruleset: [file('legacy', text)] }))).toMatch(/^# Generated by iptables-save v[\d.]+\n/);
  const other = text.replace('v1.8.9', 'v1.8.9 (nf_tables)').replace('iptables', 'ip6tables');
  const both = printed(await canonical({ ruleset: [file('legacy', text), file('nft', other)] }));
  expect(both).toMatch(/^# Generated by iptables-save v[\d.]+\n/);
  expect(both).toContain('(nf_tables)');
});

it('reads sets from standard input', async () => {
  const outcome = await canonical({ ruleset: [`4:${file('four', four)}`], sets: '-' }, contextOf(kernel, sets));
  expect(printed(outcome)).toContain('-A web -m set --match-set friends src -j ACCEPT\n');
});

const filter = (...rules: readonly string[]): string => `*filter\n:INPUT ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`;

test.each([
  ['a rule that the kernel refuses', filter('-A INPUT -j ACCEPT', '-A OUTPUT -i eth0 -j DROP'), {}, 'invalid', { line: 4 }],
  ['a set that is not there', filter('-A INPUT -m set --match-set foes src -j DROP'), { sets: '' }, 'invalid', { line: 3 }],
  ['sets that nobody named', filter('-A INPUT -m set --match-set foes src -j DROP'), {}, 'unread', undefined],
  ['a program to run', filter('-A INPUT -m conntrack --ctstate NEW --modprobe=/bin/false -j DROP'), {}, 'invalid', { line: 3 }],
])('says where: %s', async (_, text, { sets: named }: { readonly sets?: string }, kind, at) => {
  const outcome = await canonical({
    ruleset: [`4:${file('bad', text)}`],
    ...(named !== undefined && { sets: file('none', named) }),
  });
  expect(outcome).toMatchObject({ kind });
  const [problem] = 'problems' in outcome ? outcome.problems : [];
  if (at === undefined) expect(problem?.at).toBeUndefined();
  else expect(problem?.at).toMatchObject({ file: join(folder, 'bad'), ...at });
});

it('has no answer where the machine refuses a namespace', async () => {
  const refused: Kernel = {
    ...kernel,
    namespace: async () => {
      throw new NamespaceRefused({ code: 'no-namespace', message: 'none here', hint: 'ask root' });
    },
  };
  const outcome = await canonical({ ruleset: [`4:${file('six', filter('-A INPUT -j DROP'))}`] }, contextOf(refused));
  expect(outcome).toMatchObject({ kind: 'unread', problems: [{ code: 'no-namespace' }] });
});

it('stands alone', async () => {
  const ruleset = [`4:${file('four', four)}`];
  for (const flags of [{ save: true }, { table: 'nat' }, { script: 'x' }])
    expect(await canonical({ ruleset, ...flags })).toMatchObject({ kind: 'invalid', problems: [{ code: 'usage' }] });
});

test.skipIf(process.geteuid?.() !== 0)('a plain user is answered too', () => {
  const rules = file('plain', filter('-A INPUT --src 192.0.2.7/24 -j DROP'));
  const palisade = join(import.meta.dirname, '../../bin/palisade');
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--', palisade];
  const { status, stdout, stderr } = spawnSync('setpriv', [...nobody, 'show', '--canonical', '--ruleset', `4:${rules}`], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('-A INPUT -s 192.0.2.0/24 -j DROP\n');
});
