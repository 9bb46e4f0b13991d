import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Clock, systemClock } from '../clock.ts';
import type { HostTexts, SoftwareTexts, TextName, TextRead } from '../model/host/index.ts';
import type { Result } from '../result.ts';
import type { Changes, ChangesOptions } from './changes/index.ts';
import { type ConnectionTexts, readConnections } from './connections.ts';
import { nftGeneration } from './generation.ts';
import { readModules } from './modules.ts';
import { makeNamespace, type Namespace, type NamespaceOptions } from './namespace.ts';
import { type KeptTexts, readTexts } from './read.ts';
import { readBy } from './reading.ts';
import { createRun, type Run } from './run.ts';
import { readSoftware } from './software.ts';
import { type OpenConnection, trackConnections } from './track.ts';

/** The machine, as far as it is asked and told by programs. */
export interface Kernel {
  readonly run: Run;
  /**
   * What all tools print now, of this machine or inside a namespace. Never rejects: what could not be read is said. Texts in
   * `kept` are taken as they are instead of being read again.
   */
  read(options?: {
    readonly namespace?: Namespace;
    readonly signal?: AbortSignal;
    readonly kept?: KeptTexts;
    /** Ask the package manager too, or take what it said before; left out: neither. */
    readonly software?: true | SoftwareTexts;
    /** Left out: all texts. Those that are not named are said to be unread. */
    readonly only?: readonly TextName[];
  }): Promise<HostTexts>;
  /** The connections of now, of this machine or inside a namespace. Never rejects. */
  connections(options?: { readonly namespace?: Namespace; readonly signal?: AbortSignal }): Promise<ConnectionTexts>;
  /**
   * A number that is another one after every change to nf_tables, here or inside a namespace: while it stays, the rules of the
   * nft backend and nft's own chains are as they were read (their counters are not). One question to the kernel, whatever
   * the number of rules. `null` where it cannot be asked. Legacy tables and ipsets have no such number.
   */
  generation(namespace?: Namespace): Promise<number | null>;
  /** Follows what changes in the firewall, here or inside a namespace; what is there when this resolves is nothing new. Never rejects. */
  changes(options: ChangesOptions): Promise<Changes>;
  /** @throws {NamespaceRefused} when the host allows none. */
  namespace(options?: NamespaceOptions): Promise<Namespace>;
  /** Tells connection tracking of connections that were there before it; see {@link trackConnections}. */
  track(connections: readonly OpenConnection[], namespace?: Namespace): Result<void>;
  /** What we may do here. */
  rights(): Promise<Rights>;
}

export interface Rights {
  /** Effective user 0, of the host or of a user namespace. */
  readonly root: boolean;
  /** The rules of the network namespace that we are in can be read. */
  readonly canSeeRules: boolean;
  /** Why not; or, when they can be seen, by what right. One clause. */
  readonly why: string;
}

export interface KernelOptions {
  /** Default: real processes. */
  readonly run?: Run;
  readonly clock?: Clock;
}

export function createKernel(options: KernelOptions = {}): Kernel {
  const run = options.run ?? createRun();
  const clock = options.clock ?? systemClock;
  let loaded = false;
  return {
    run,
    async read({ namespace, signal, kept, software, only } = {}) {
      const readAt = clock.now();
      const within = namespace ? namespace.run : run;
      const [texts, asked] = await Promise.all([
        readTexts(within, namespace?.pid, signal, kept, only === undefined ? null : new Set(only)),
        software === true ? readSoftware(within, signal) : (software ?? null),
      ]);
      return { name: hostname(), readAt, texts, software: asked };
    },
    connections: ({ namespace, signal } = {}) => readConnections(namespace ? namespace.run : run, signal),
    async generation(namespace) {
      // The question alone would load nf_tables.
      if (!loaded) loaded = !(await readModules(run).absent('nf_tables'));
      return loaded ? nftGeneration(namespace?.pid) : null;
    },
    async changes(wanted) {
      const { followChanges } = await import('./changes/index.ts');
      return followChanges(run, clock, wanted);
    },
    namespace: (wanted) => makeNamespace(run, wanted),
    track: (connections, namespace) => trackConnections(connections, namespace?.pid),
    rights: () => findRights(run),
  };
}

/** CAP_NET_ADMIN's bit (include/uapi/linux/capability.h). */
const netAdmin = 1n << 12n;

/** Something that takes the right to see rules, and little time, and loads nothing. */
async function askForRules(run: Run): Promise<TextRead> {
  if (await readModules(run).absent('nf_tables')) return readBy(run, { argv: ['cat', '/proc/net/ip_tables_names'] });
  // Not `list tables`, for which nft 1.0.6 fetches every rule.
  const asked = await readBy(run, { argv: ['nft', 'list', 'flowtables'] });
  return asked.read || asked.why !== 'missing' ? asked : readBy(run, { argv: ['ipset', 'save', '-t'] });
}

async function findRights(run: Run): Promise<Rights> {
  const root = process.geteuid?.() === 0;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  if ((BigInt(`0x${effective}`) & netAdmin) === 0n) {
    const why = root ? 'CAP_NET_ADMIN was taken from this root, as containers do' : 'only root may read the rules';
    return { root, canSeeRules: false, why };
  }
  // Root of a user namespace has every capability, and yet none over a network namespace that is not its own.
  const asked = await askForRules(run);
  if (!asked.read && asked.why === 'rights') {
    return { root, canSeeRules: false, why: 'this user namespace does not own the network namespace that it is in' };
  }
  return { root, canSeeRules: true, why: root ? 'we are root' : 'we have CAP_NET_ADMIN' };
}
