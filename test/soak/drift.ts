/**
 * `npm run soak -- drift [--only opened|bans|docker] [--tries 50] [--bans 200]`: somebody opens the firewall again and again, on both
 * backends, while palisade watches, and it must say so and take it back; programs that live beside a policy change what is theirs, and it must
 * say nothing. How long it took is printed: from the command's end until it was said, and until it was undone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { installRelease } from '../../bench/harness/release.ts';
import { createKernel, type Namespace } from '../../src/kernel/index.ts';
import type { DriftPartJson } from '../../src/verbs/drift-shape.ts';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    tries: { type: 'string', default: '50' },
    bans: { type: 'string', default: '200' },
  },
});
const wanted = (part: string): boolean => values.only === undefined || values.only === part;
const { say, holds, end } = createHolding();
await setup();
const kernel = createKernel();
const folder = mkdtempSync(join(tmpdir(), 'palisade-soak-drift-'));
const palisade = installRelease(join(folder, 'release'));
const policy = join(folder, 'policy.yaml');
writeFileSync(policy, 'palisade: 1\nincoming:\n  - { allow: ssh }\n  - { allow: https }\n');

async function tool(ns: Namespace, argv: readonly [string, ...string[]], input?: string): Promise<string> {
  const ran = await ns.run(input === undefined ? { argv, timeoutMs: 60_000 } : { argv, input, timeoutMs: 60_000 });
  if (ran.kind !== 'exited' || ran.status !== 0)
    throw new Error(`${argv.join(' ')}: ${ran.kind === 'exited' ? ran.stderr : ran.kind}`);
  return ran.stdout;
}

/** `palisade drift --watch`, and what it has said, with when. */
interface Watch extends AsyncDisposable {
  readonly said: { readonly at: number; readonly part: DriftPartJson }[];
  readonly child: ChildProcess;
}

async function watch(ns: Namespace, state: string, ...flags: readonly string[]): Promise<Watch> {
  const [enter, ...args] = [...ns.enter, palisade, '--state', state, 'drift', '--watch', '--json', ...flags];
  const child = spawn(enter as string, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...ns.env } });
  const said: Watch['said'] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    said.push({ at: performance.now(), part: JSON.parse(line) as DriftPartJson }),
  );
  for (let left = 200; left > 0 && said.length === 0; left -= 1) await sleep(50);
  if (said[0]?.part.kind !== 'watching') throw new Error(`the watch did not begin: ${JSON.stringify(said)}`);
  return {
    said,
    child,
    async [Symbol.asyncDispose]() {
      child.kill('SIGINT');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

type Noticed = Extract<DriftPartJson, { kind: 'noticed' }>;
const noticed = ({ said }: Watch): readonly { readonly at: number; readonly part: Noticed }[] =>
  said.flatMap(({ at, part }) => (part.kind === 'noticed' ? [{ at, part }] : []));

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const spread = (times: readonly number[]): string =>
  `p50 ${Math.round(percentile(times, 0.5))} ms, p95 ${Math.round(percentile(times, 0.95))} ms, most ${Math.round(Math.max(...times))} ms`;

/** Somebody opens the firewall, and palisade takes it back; and says it alone where it was not asked to. */
async function opened(backend: 'nft' | 'legacy'): Promise<void> {
  await using ns = await kernel.namespace();
  const state = join(folder, `state-${backend}`);
  await tool(ns, [palisade, '--state', state, '--policy', policy, '--backend', backend, 'apply', '--yes']);
  const save = async (): Promise<string> => (await tool(ns, [`iptables-${backend}-save`])).replaceAll(/^#.*\n|\[\d+:\d+\]/gm, '');
  const before = await save();
  const open = async (): Promise<number> => {
    await tool(ns, [`iptables-${backend}`, '-w', '5', '-I', 'INPUT', '-j', 'ACCEPT']);
    return performance.now();
  };
  const [toldMs, undoneMs]: [number[], number[]] = [[], []];
  const wrong: string[] = [];
  const tries = Number(values.tries);
  for (let turn = 0; turn < tries; turn += 1) {
    // Three times in ten minutes it puts its own back: each three have a journal of their own.
    if (turn % 3 === 0) for (const name of ['journal.jsonl', 'journal.head']) rmSync(join(state, name), { force: true });
    await using watching = await watch(ns, state, '--repair', '--remove-foreign');
    const at = await open();
    let undone = 0;
    for (let left = 500; left > 0 && undone === 0; left -= 1) {
      if (!(await tool(ns, [`iptables-${backend}`, '-S', 'INPUT'])).includes('-A INPUT -j ACCEPT')) undone = performance.now();
      else await sleep(10);
    }
    for (let left = 500; left > 0 && noticed(watching).length === 0; left -= 1) await sleep(10);
    const [first] = noticed(watching);
    if (first === undefined || undone === 0) {
      wrong.push(`turn ${turn}: ${undone === 0 ? 'not undone' : ''} ${JSON.stringify(watching.said).slice(0, 2000)}`);
      continue;
    }
    toldMs.push(first.at - at);
    undoneMs.push(undone - at);
    if (!first.part.says.some((text) => text.includes('everything is now accepted')))
      wrong.push(`turn ${turn}: ${first.part.says.join('; ')}`);
    if ((await save()) !== before) wrong.push(`turn ${turn}: the rules are not as before:\n${await save()}`);
  }
  say(
    `      ${backend}, ${toldMs.length} times: undone after ${spread(undoneMs)}; said, once that was done, after ${spread(toldMs)}`,
  );
  holds(`${backend}: "everything is now accepted" is said and undone, ${tries} times`, wrong.length === 0, wrong.join('\n'));
  holds(`${backend}: undone within 2 s (p95)`, percentile(undoneMs, 0.95) <= 2000, spread(undoneMs));
  holds(`${backend}: said within 2 s (p95)`, percentile(toldMs, 0.95) <= 2000, spread(toldMs));

  await using watching = await watch(ns, state);
  await open();
  for (let left = 500; left > 0 && noticed(watching).length === 0; left -= 1) await sleep(10);
  await sleep(1000);
  holds(
    `${backend}: where nothing is to be put back, it is said once and stays`,
    noticed(watching).length === 1 && (await save()) !== before,
    JSON.stringify(watching.said),
  );
  await tool(ns, [`iptables-${backend}`, '-w', '5', '-D', 'INPUT', '1']);
  for (let left = 500; left > 0 && !watching.said.some(({ part }) => part.kind === 'settled'); left -= 1) await sleep(10);
  holds(
    `${backend}: once it is gone, that is said too`,
    watching.said.at(-1)?.part.kind === 'settled',
    JSON.stringify(watching.said.at(-1)),
  );
}

/** What fail2ban's actions iptables-multiport and iptables-ipset-proto6 do, and ends with what they do when they stop. */
async function bans(backend: 'nft' | 'legacy'): Promise<void> {
  await using ns = await kernel.namespace();
  const state = join(folder, `state-bans-${backend}`);
  await tool(ns, [palisade, '--state', state, '--policy', policy, '--backend', backend, 'apply', '--yes']);
  await using watching = await watch(ns, state, '--repair', '--remove-foreign');
  const iptables = (...args: readonly string[]): Promise<string> => tool(ns, [`iptables-${backend}`, '-w', '5', ...args]);
  await iptables('-N', 'f2b-sshd');
  await iptables('-A', 'f2b-sshd', '-j', 'RETURN');
  await iptables('-I', 'INPUT', '-p', 'tcp', '-m', 'multiport', '--dports', '22', '-j', 'f2b-sshd');
  await tool(ns, ['ipset', 'create', 'f2b-web', 'hash:ip', 'timeout', '600']);
  await iptables(
    '-I',
    'INPUT',
    '-p',
    'tcp',
    '-m',
    'multiport',
    '--dports',
    '80,443',
    '-m',
    'set',
    '--match-set',
    'f2b-web',
    'src',
    '-j',
    'REJECT',
  );
  const count = Number(values.bans);
  for (let index = 0; index < count; index += 1) {
    const address = `203.0.${113 + (index >> 8)}.${index & 255}`;
    if (index % 2 === 0)
      await iptables('-I', 'f2b-sshd', '1', '-s', address, '-j', 'REJECT', '--reject-with', 'icmp-port-unreachable');
    else await tool(ns, ['ipset', 'add', 'f2b-web', address, '-exist']);
    if (index % 5 === 4) await sleep(50);
  }
  for (let index = 0; index < count; index += 10)
    await iptables(
      '-D',
      'f2b-sshd',
      '-s',
      `203.0.${113 + (index >> 8)}.${index & 255}`,
      '-j',
      'REJECT',
      '--reject-with',
      'icmp-port-unreachable',
    );
  await sleep(3000);
  holds(
    `${backend}: ${count} bans are no drift`,
    noticed(watching).length === 0,
    JSON.stringify(noticed(watching).map(({ part }) => part.says)),
  );
  await iptables('-D', 'INPUT', '-p', 'tcp', '-m', 'multiport', '--dports', '22', '-j', 'f2b-sshd');
  await iptables('-F', 'f2b-sshd');
  await iptables('-X', 'f2b-sshd');
  await sleep(3000);
  holds(
    `${backend}: nor is that fail2ban stops`,
    noticed(watching).length === 0,
    JSON.stringify(noticed(watching).map(({ part }) => part.says)),
  );
  // The watch still sees.
  await iptables('-A', 'PAL-IN', '-s', '203.0.113.77', '-j', 'ACCEPT');
  for (let left = 500; left > 0 && noticed(watching).length === 0; left -= 1) await sleep(10);
  holds(`${backend}: a rule among palisade’s own is`, noticed(watching).length === 1, JSON.stringify(watching.said));
}

/** A real Docker, with a container that publishes a port, is restarted. */
async function docker(): Promise<void> {
  const place = join(import.meta.dirname, '../../node_modules/.cache/docker');
  if (!existsSync(join(place, 'complete'))) {
    say('      Docker could not be fetched: its part is left out');
    return;
  }
  await using ns = await kernel.namespace();
  const inside = [
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--mount-proc',
    'bash',
    join(import.meta.dirname, 'docker/serve.sh'),
    place,
    join(folder, 'docker'),
  ];
  const [enter, ...args] = [...ns.enter, ...inside];
  const server = spawn(enter as string, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  try {
    const up = await lines.next();
    if (up.value !== 'up') throw new Error(`Docker did not start: ${up.value}`);
    const state = join(folder, 'state-docker');
    const made = await ns.run({ argv: [palisade, '--state', state, '--policy', policy, 'apply', '--yes'], timeoutMs: 60_000 });
    if (made.kind !== 'exited' || made.status !== 0) {
      holds('a policy is applied beside Docker', false, JSON.stringify(made));
      return;
    }
    await using watching = await watch(ns, state, '--repair', '--remove-foreign');
    const before = await tool(ns, ['iptables-nft-save']);
    for (let turn = 0; turn < 2; turn += 1) {
      server.stdin.write('\n');
      const again = await lines.next();
      if (again.value !== 'again') throw new Error(`Docker did not start again: ${again.value}`);
      await sleep(3000);
    }
    holds(
      'Docker is restarted twice, and that is no drift',
      noticed(watching).length === 0,
      JSON.stringify(noticed(watching).map(({ part }) => [part.says, part.repaired])),
    );
    const after = await tool(ns, ['iptables-nft-save']);
    holds(
      'and it has its port published as before',
      after.includes('--dport 8080 -j DNAT') && before.includes('--dport 8080 -j DNAT'),
      after,
    );
    await tool(ns, ['iptables-nft', '-I', 'DOCKER-USER', '-s', '203.0.113.9', '-j', 'ACCEPT']);
    for (let left = 500; left > 0 && noticed(watching).length === 0; left -= 1) await sleep(10);
    holds('a rule that somebody puts into DOCKER-USER is', noticed(watching).length === 1, JSON.stringify(watching.said));
  } finally {
    server.stdin.end();
    if (server.exitCode === null) await once(server, 'exit');
  }
}

try {
  if (wanted('opened')) for (const backend of ['nft', 'legacy'] as const) await opened(backend);
  if (wanted('bans')) for (const backend of ['nft', 'legacy'] as const) await bans(backend);
  if (wanted('docker')) await docker();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
end();
