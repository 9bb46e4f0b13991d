import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Child, createKernel, type Namespace, start } from '../../src/kernel/index.ts';
import { defaultSettings, type Settings } from '../../src/verbs/config/index.ts';
import type { Told, WatchErrand } from '../../src/verbs/watching/told.ts';

/** A host that watches and shuts out, and a far end of its only link from where it is attacked. */
export interface Attacked extends AsyncDisposable {
  readonly host: Namespace;
  readonly far: Namespace;
  /** All that the watcher has said so far, with when it was heard. */
  readonly said: readonly { readonly heardAt: number; readonly told: Told }[];
  readonly watcher: Child;
  /** One tool in a namespace; its output. */
  run(ns: Namespace, argv: readonly [string, ...string[]], input?: string): Promise<string>;
  /** The bans that were put into effect for a source. */
  bansOf(source: string): readonly Extract<Told, { kind: 'ban' }>['ban'][];
}

export const group = 5;

/** The host is 10.66.0.1, its gateway 10.66.0.254; what it drops it logs. SSH and HTTP are open. */
const rules = `*filter
:INPUT DROP [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -j NFLOG --nflog-group ${group} --nflog-prefix "dropped: "
COMMIT
`;

export async function createAttacked(backend: 'nft' | 'legacy', bans: Partial<Settings['bans']>): Promise<Attacked> {
  const kernel = createKernel();
  const folder = mkdtempSync(join(tmpdir(), 'palisade-attacked-'));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const host = stack.use(await kernel.namespace());
  const far = stack.use(await kernel.namespace());
  const run: Attacked['run'] = async (ns, argv, input) => {
    const ran = await ns.run(input === undefined ? { argv, timeoutMs: 300_000 } : { argv, input, timeoutMs: 60_000 });
    if (ran.kind !== 'exited' || ran.status !== 0)
      throw new Error(`${argv.join(' ')}: ${ran.kind === 'exited' ? ran.stderr : ran.kind}`);
    return ran.stdout;
  };
  await run(host, [
    'sh',
    '-ec',
    `ip link add eth0 type veth peer name eth0 netns /proc/${far.pid}/ns/net; ip link set eth0 up; ip addr add 10.66.0.1/16 dev eth0; ip addr add 2001:db8:66::1/48 dev eth0 nodad
    ip route add default via 10.66.0.254; sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0`,
  ]);
  await run(far, ['sh', '-ec', 'ip link set eth0 up; ip addr add 10.66.0.254/16 dev eth0; ip route add default dev eth0']);
  await run(host, [`iptables-${backend}-restore`], rules);
  const program = fileURLToPath(new URL('../../src/verbs/watching/watcher.ts', import.meta.url));
  const watcher = start({ argv: [...host.enter, process.execPath, program], env: host.env });
  stack.use(watcher);
  const errand: WatchErrand = {
    stateFolder: join(folder, 'state'),
    policyFile: join(folder, 'policy.yaml'),
    settings: {
      ...defaultSettings,
      watch: { ...defaultSettings.watch, sources: [`nflog:${group}`] },
      bans: { ...defaultSettings.bans, action: 'on', ...bans },
    },
    env: host.env,
    writer: 'a test',
    counted: { at: Date.now(), rules: [] },
    facts: {
      own: ['10.66.0.1', '2001:db8:66::1'],
      connected: [{ network: '10.66.0.0/16', link: 'eth0' }],
      answering: [],
      outside: ['eth0'],
      nflogGroups: [group],
      logged: null,
      dropped: null,
    },
  };
  watcher.say(JSON.stringify(errand));
  const said: { heardAt: number; told: Told }[] = [];
  void (async () => {
    for await (const line of watcher.lines) said.push({ heardAt: performance.now(), told: JSON.parse(line) as Told });
  })();
  let end = '';
  void watcher.ended.then(({ status, stderr }) => {
    end = ` (it ended with ${status}: ${stderr})`;
  });
  for (let left = 300; ; left -= 1) {
    if ((await run(host, [`iptables-${backend}-save`])).includes('PALISADE-SHUT4 src -j DROP')) break;
    if (left === 0 || end !== '') throw new Error(`nothing shuts out: ${JSON.stringify(said)}${end}`);
    await sleep(100);
  }
  // The one that puts sources in is started behind the chains.
  await sleep(500);
  return {
    host,
    far,
    said,
    watcher,
    run,
    bansOf: (source) =>
      said.flatMap(({ told }) => (told.kind === 'ban' && told.acted && told.ban.source === source ? [told.ban] : [])),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
