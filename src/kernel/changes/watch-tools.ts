import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { TextRead } from '../../model/host/index.ts';
import type { Problem } from '../../result.ts';
import type { Modules } from '../modules.ts';
import { readBy } from '../reading.ts';
import type { Run } from '../run.ts';
import { readRules } from '../tables.ts';
import { type Change, type Part, unknownBy } from './change.ts';
import { repeat, type Watch } from './watch.ts';

/** Without netlink: how often at most, and the share of the time that it may take (a fiftieth, by all processes together). */
const usualMs = 5000;
const mostMs = 60_000;
const share = 50;

const mostFailures = 3;

interface ByTools {
  readonly run: Run;
  readonly modules: Modules;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  emit(change: Change): void;
}

/** What is watched by one program: what it prints, without what moves by itself, and what is said when that is another. */
interface Tool {
  readonly part: Part;
  read(): Promise<TextRead>;
  readonly moving: RegExp;
  changed(at: number): Change;
}

/**
 * Watches with the programs that print rules and sets, seldom, where the kernel cannot be asked in process. Who did it and what nft made
 * outside of iptables' tables is then not known.
 */
export async function watchWithTools(given: ByTools, parts: readonly Part[], leastMs = usualMs): Promise<readonly Watch[]> {
  const tools = toolsOf(given).filter(({ part }) => parts.includes(part));
  const before = new Map<Tool, string>();
  for (const tool of tools) {
    const now = digestOf(tool, await tool.read());
    if (now !== null) before.set(tool, now);
  }
  const failures = new Map<Tool, number>();
  const fail = (tool: Tool): void => {
    const count = (failures.get(tool) ?? 0) + 1;
    failures.set(tool, count);
    if (count === mostFailures)
      given.emit({ kind: 'unwatched', at: given.clock.now(), of: tool.part, problem: unread(tool.part) });
  };
  const looking = repeat(leastMs, async () => {
    const startedAt = performance.now();
    for (const tool of before.keys()) {
      const now = digestOf(tool, await tool.read());
      if (given.signal.aborted) return mostMs;
      // What could not be read this time is compared the next time.
      if (now === null) {
        fail(tool);
        continue;
      }
      failures.delete(tool);
      if (before.get(tool) !== now) given.emit(tool.changed(given.clock.now()));
      before.set(tool, now);
    }
    return Math.min(mostMs, Math.max(leastMs, (performance.now() - startedAt) * share));
  });
  // What no program could read the first time, it will not.
  const read = parts.filter((part) => [...before.keys()].some((tool) => tool.part === part));
  return read.map((part) => ({ part, how: () => 'tools', close: () => looking.close() }));
}

function toolsOf({ run, modules, signal }: ByTools): readonly Tool[] {
  const rules = /^#.*$|\[\d+:\d+\]/gm;
  const families = [4, 6] as const;
  const nft: readonly Tool[] = families.map((family) => ({
    part: 'nft',
    read: () => readRules(run, family, 'nft', modules, signal),
    moving: rules,
    changed: (at) => ({ kind: 'nft', at, generation: null, commits: 1, touched: [], more: true, by: unknownBy }),
  }));
  const legacy: readonly Tool[] = families.map((family) => ({
    part: 'legacy',
    read: () => readRules(run, family, 'legacy', modules, signal),
    moving: rules,
    // Which table is for whoever reads it.
    changed: (at) => ({ kind: 'legacy', at, family, table: '*', what: 'rules', by: unknownBy }),
  }));
  const sets: Tool = {
    part: 'sets',
    read: async () =>
      (await modules.absent('ip_set'))
        ? { read: false, why: 'unused', tool: 'ipset', detail: 'the kernel has not loaded ip_set' }
        : readBy(run, { argv: ['ipset', 'save', '-sorted'], timeoutMs: 30_000, gentle: true }, signal),
    moving: / (timeout|packets|bytes|hashsize|initval) \S+/g,
    changed: (at) => ({ kind: 'lost', at, of: 'sets' }),
  };
  return [...nft, ...legacy, sets];
}

/** `null`: not read. Nothing to read, as where the kernel has no such part, is a state like others. */
function digestOf({ moving }: Tool, read: TextRead): string | null {
  if (!read.read && read.why !== 'unused') return null;
  return createHash('sha256')
    .update(read.read ? read.text.replace(moving, '') : '')
    .digest('hex');
}

function unread(part: Part): Problem {
  const what = { nft: 'the rules of nf_tables', legacy: 'the rules of iptables-legacy', sets: 'the ipsets' }[part];
  return { code: 'unread', message: `${what} can no longer be listed`, hint: 'run palisade as root' };
}
