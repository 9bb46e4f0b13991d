import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, type Kernel, type Namespace, type NamespaceOptions, type Run } from '../../../src/kernel/index.ts';
import { failed, problemLine } from '../../../src/result.ts';
import { apply } from '../../../src/verbs/apply.ts';
import { backup } from '../../../src/verbs/backup.ts';
import { defaultSettings } from '../../../src/verbs/config/index.ts';
import { confirm } from '../../../src/verbs/confirm.ts';
import { rollback } from '../../../src/verbs/rollback.ts';
import { uninstall } from '../../../src/verbs/uninstall.ts';
import { type Context, exitOf, type Verb } from '../../../src/verbs/verb.ts';
import { type Backend, tool } from '../changing.fixture.ts';

/** How a command ended, as whoever ran it sees it. */
export interface Said {
  readonly exit: number;
  readonly text: string;
}

/** What stands between palisade and the programs that it runs. */
export type Between = (run: Run) => Run;

/** A host in a namespace, with rules and bans of others, on which palisade runs within this process. */
export interface Place extends AsyncDisposable {
  readonly ns: Namespace;
  readonly backend: Backend;
  readonly folder: string;
  /** Where palisade keeps its state. */
  state: string;
  run(verb: keyof typeof verbs, options?: Options): Promise<Said>;
  /** Both families, without counters, chain by chain. */
  firewall(): Promise<string>;
  /** As `ipset save` prints them, sorted. */
  sets(): Promise<readonly string[]>;
}

export interface Options {
  readonly policy?: string;
  /** `--yes` unless a number of seconds says how long it waits. */
  readonly waits?: number;
  readonly between?: Between;
  readonly signal?: AbortSignal;
  /** As on a kernel that takes no connections to track. */
  readonly untold?: boolean;
  /** What the command line would say besides. */
  readonly input?: Readonly<Record<string, unknown>>;
}

const verbs = { apply, backup, confirm, rollback, uninstall };
const real = createKernel();

/** Somebody bans in a chain of his own, somebody else with a set. */
const foreign = (family: 4 | 6): string => `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:TENANT - [0:0]
:f2b-sshd - [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd
-A INPUT -m set --match-set tenant${family} src -j DROP
-A INPUT -i lo -j ACCEPT
-A INPUT -j TENANT
-A f2b-sshd -s ${family === 4 ? '203.0.113.77' : '2001:db8:77::1'} -j DROP
-A f2b-sshd -j RETURN
COMMIT
`;
const tenantSets = `create tenant4 hash:net family inet
add tenant4 203.0.113.128/25
create tenant6 hash:net family inet6
add tenant6 2001:db8:78::/48
`;

/** @param empty without anybody's rules */
export async function makePlace(backend: Backend, options: NamespaceOptions = {}, empty = false): Promise<Place> {
  await using made = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'palisade-fault-'));
  made.defer(() => rmSync(folder, { recursive: true, force: true }));
  const ns = made.use(await real.namespace(options));
  if (!empty) await tool(ns, ['ipset', 'restore'], tenantSets);
  for (const family of empty ? [] : ([4, 6] as const))
    await tool(ns, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`], foreign(family));
  const state = join(folder, 'state');
  mkdirSync(state, { mode: 0o700 });
  const held = made.move();
  const place: Place = {
    ns,
    backend,
    folder,
    state,
    run: (name, asked = {}) => run(place, name, asked),
    firewall: () => firewall(ns, backend),
    async sets() {
      return (await tool(ns, ['ipset', 'save']))
        .split('\n')
        .filter((line) => line !== '')
        .toSorted();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
  return place;
}

let count = 0;

async function run(place: Place, name: keyof typeof verbs, asked: Options): Promise<Said> {
  const { ns, backend, folder, state } = place;
  const through = asked.between ?? ((one: Run) => one);
  const kernel: Kernel = {
    ...real,
    run: through((request) => ns.run(request)),
    read: (options) => real.read({ namespace: ns, ...options }),
    generation: (namespace = ns) => real.generation(namespace),
    track: (connections) =>
      asked.untold === true
        ? failed({ code: 'unread', message: 'the kernel could not be told', hint: 'none' })
        : real.track(connections, ns),
  };
  count += 1;
  const policyFile = join(folder, `policy-${count}.yaml`);
  writeFileSync(policyFile, asked.policy ?? '');
  const said: string[] = [];
  const context: Context = {
    clock: { now: () => Date.now() } as Context['clock'],
    kernel,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    progress: () => undefined,
    part: async (value) => void said.push(JSON.stringify(value)),
    signal: asked.signal ?? new AbortController().signal,
    serve: () => Promise.reject(new Error('nothing is served here')),
    stdin: () => Promise.resolve(new Uint8Array()),
    env: ns.env,
    stateFolder: state,
    policyFile,
    settings: defaultSettings,
  };
  const verb = verbs[name] as Verb;
  // Shorter than the command line takes.
  const input = {
    ...verb.input.parse({}),
    timeout: asked.waits ?? 60,
    yes: asked.waits === undefined,
    backend,
    anyway: true,
    ...asked.input,
  };
  try {
    const outcome = await verb.run(context, input);
    if ('problems' in outcome) said.push(...outcome.problems.map(problemLine));
    return { exit: exitOf[outcome.kind], text: said.join('\n') };
  } catch (error) {
    return { exit: 3, text: `a fault of palisade: ${error instanceof Error ? (error.stack ?? error.message) : error}` };
  }
}

async function firewall(ns: Namespace, backend: Backend): Promise<string> {
  const texts: string[] = [];
  for (const name of ['iptables', 'ip6tables']) texts.push(`# ${name}`, ordered(await tool(ns, [`${name}-${backend}-save`])));
  return `${texts.join('\n')}\n`;
}

/** Tables and chains by name, since in which order they stand says nothing; the rules of a chain as they stand in it. */
export function ordered(text: string): string {
  const tables = text
    .replace(/^#.*\n/gm, '')
    .replace(/ \[\d+:\d+\]$/gm, '')
    .split(/^(?=\*)/m)
    .map((table) => {
      const lines = table.split('\n').filter((line) => line !== '' && line !== 'COMMIT');
      const key = (line: string): string =>
        line.startsWith('-A ') ? `2 ${line.split(' ')[1]}` : line.startsWith(':') ? `1 ${line}` : '0';
      return lines.toSorted((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
    })
    // A table that is all open is as good as none.
    .filter((lines) => lines.some((line) => !line.startsWith('*') && !line.endsWith(' ACCEPT')));
  return tables
    .map((lines) => lines.join('\n'))
    .toSorted()
    .join('\n');
}
