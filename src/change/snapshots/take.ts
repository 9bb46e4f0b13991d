import type { Kernel, Namespace, Run } from '../../kernel/index.ts';
import type { HostTexts } from '../../model/host/index.ts';
import { keptTexts, type SnapshotBody, textOf } from './snapshot.ts';

/** Where a host is read: the machine that we are on, or a namespace. */
export interface Where {
  readonly kernel: Kernel;
  readonly namespace?: Namespace;
  readonly signal?: AbortSignal;
}

/**
 * Everything of a host that a snapshot keeps. Never rejects for what a tool does: what could not be read is said in its text.
 *
 * @param own the record of what was confirmed, as it lies in the state folder
 */
export async function readBody(where: Where, own: string | null): Promise<SnapshotBody> {
  const { kernel, namespace, signal } = where;
  const run: Run = namespace === undefined ? kernel.run : (request) => namespace.run(request);
  const options = { ...(namespace && { namespace }), ...(signal && { signal }) };
  const [texts, recent, versions] = await Promise.all([
    kernel.read({ ...options, only: keptTexts }),
    readRecent(run),
    readVersions(run),
  ]);
  return { texts, recent, foreignNft: await readForeignNft(run, texts), versions, own };
}

/** Lists are files of the kernel's, which are there as long as a rule speaks of them. */
const recentScript = `cd /proc/net/xt_recent 2>/dev/null || exit 0
for list in *; do [ -f "$list" ] && printf '\\0%s\\0' "$list" && cat "./$list"; done; exit 0`;

async function readRecent(run: Run): Promise<Readonly<Record<string, string>>> {
  const read = await run({ argv: ['sh', '-c', recentScript] });
  if (read.kind !== 'exited') return {};
  const parts = read.stdout.split('\0').slice(1);
  const lists: Record<string, string> = {};
  for (let at = 0; at + 1 < parts.length; at += 2) lists[parts[at] ?? ''] = parts[at + 1] ?? '';
  return lists;
}

/** Tables whose names iptables uses, of its families. */
const ofIptables = /^(?:ip|ip6) (?:raw|mangle|nat|filter|security)$/;

/** iptables says so of a table of its name that holds what it cannot print. */
const incompatible = /^# Table `(\S+)' (?:is incompatible|contains incompatible)/gm;

/** nft is asked only where the kernel has nf_tables already: the question alone would load it. */
async function readForeignNft(run: Run, texts: HostTexts): Promise<string> {
  if (!texts.texts.nftChains.read) return '';
  const listed = await run({ argv: ['nft', 'list', 'tables'], timeoutMs: 30_000 });
  if (listed.kind !== 'exited' || listed.status !== 0) return '';
  const native = new Set(
    ([4, 6] as const).flatMap((family) =>
      [...textOf(texts, `nftSave${family}`).matchAll(incompatible)].map(([, name]) => `${family === 4 ? 'ip' : 'ip6'} ${name}`),
    ),
  );
  const tables = [...listed.stdout.matchAll(/^table (\S+ \S+)$/gm)].map(([, table = '']) => table);
  const foreign = tables.filter((table) => !ofIptables.test(table) || native.has(table));
  const printed: string[] = [];
  for (const table of foreign) {
    const [family = '', name = ''] = table.split(' ');
    const one = await run({ argv: ['nft', 'list', 'table', family, name], timeoutMs: 30_000 });
    // Gone since it was named.
    if (one.kind === 'exited' && one.status === 0) printed.push(one.stdout);
  }
  return printed.join('');
}

/** None of these asks the kernel anything. */
const versionOf = { iptables: ['iptables', '--version'], ipset: ['ipset', '--version'], nft: ['nft', '--version'] } as const;

async function readVersions(run: Run): Promise<Readonly<Record<string, string>>> {
  const said = await Promise.all(
    Object.entries(versionOf).map(async ([name, argv]) => {
      const read = await run({ argv });
      return read.kind === 'exited' && read.status === 0 ? [[name, read.stdout.split('\n')[0]?.trim() ?? '']] : [];
    }),
  );
  return Object.fromEntries(said.flat());
}
