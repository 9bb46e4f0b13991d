import type { TextRead } from '../model/host/index.ts';
import type { Modules } from './modules.ts';
import { readBy } from './reading.ts';
import type { Run } from './run.ts';

type Family = 4 | 6;
type Backend = 'nft' | 'legacy';

/** A chain of 100,000 rules takes iptables-nft-save half a minute: the kernel's time to list it grows with its square. */
const saveMs = 90_000;

const prefix = (family: Family): string => (family === 4 ? 'iptables' : 'ip6tables');

/**
 * The rules that one backend holds for one family, as its save tool prints them. Never `-L`: that makes legacy tables.
 *
 * Where only the plain save tool is there (before iptables 1.8, or a distribution's choice), it is asked which backend
 * it is for. When no tool is there, the kernel is asked whether there can be rules at all.
 */
export async function readRules(
  run: Run,
  family: Family,
  backend: Backend,
  modules: Modules,
  signal?: AbortSignal,
): Promise<TextRead> {
  const own = `${prefix(family)}-${backend}-save`;
  const module = backend === 'nft' ? 'nf_tables' : family === 4 ? 'ip_tables' : 'ip6_tables';
  if (await modules.absent(module)) return notLoaded(own, module);
  const read = await save(run, own, signal);
  if (read.read || (read.why !== 'missing' && read.why !== 'failed')) return read;
  const plain = `${prefix(family)}-save`;
  if (read.why === 'missing' && (await plainBackend(run, family, signal)) === backend) {
    const other = await save(run, plain, signal);
    if (other.read || other.why !== 'missing') return other;
  }
  const unused = backend === 'legacy' ? await legacyUnused(run, family, signal) : undefined;
  return unused === undefined ? read : { read: false, why: 'unused', tool: own, detail: unused };
}

function save(run: Run, tool: string, signal: AbortSignal | undefined): Promise<TextRead> {
  return readBy(run, { argv: [tool, '-c'], timeoutMs: saveMs, gentle: true }, signal);
}

/** `iptables v1.8.9 (nf_tables)` or `(legacy)`; versions before 1.8 say neither and are legacy. */
async function plainBackend(run: Run, family: Family, signal: AbortSignal | undefined): Promise<Backend | undefined> {
  const said = await readBy(run, { argv: [prefix(family), '--version'] }, signal);
  if (!said.read) return undefined;
  return said.text.includes('(nf_tables)') ? 'nft' : 'legacy';
}

/** The kernel lists its legacy tables in a file, which is not there when it has no legacy tables at all. */
async function legacyUnused(run: Run, family: Family, signal: AbortSignal | undefined): Promise<string | undefined> {
  const path = `/proc/net/${family === 4 ? 'ip' : 'ip6'}_tables_names`;
  const names = await readBy(run, { argv: ['cat', path] }, signal);
  if (names.read) return names.text.trim() === '' ? `${path} is empty` : undefined;
  return names.detail.includes('No such file') ? `there is no ${path}` : undefined;
}

/** Nothing can be in a part of the kernel that is not loaded; any tool that asked would load it. */
export function notLoaded(tool: string, module: string): TextRead {
  return { read: false, why: 'unused', tool, detail: `the kernel has not loaded ${module}` };
}
