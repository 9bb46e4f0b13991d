import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { TextRead } from '../model/host/index.ts';

/** At a time; between them others get their turn. */
const batch = 100;
const mostProcesses = 20_000;

/**
 * Who runs, in the form that model/host/process.ts reads. From the files of /proc, since no tool shows capabilities and namespaces
 * alike. The network namespace is that of process `pid`; without one our own.
 */
export async function readProcesses(pid: number | undefined): Promise<TextRead> {
  const command = "grep -H '' /proc/[0-9]*/status";
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  if (all.length > mostProcesses) {
    return { read: false, why: 'failed', tool: 'grep', detail: `there are ${all.length} of them, more than palisade looks at` };
  }
  const lines = [`net ${linkAt(`/proc/${pid ?? 'self'}/ns/net`)} user ${linkAt('/proc/self/ns/user')}`];
  for (const [index, each] of all.entries()) {
    const line = lineOf(each);
    if (line !== null) lines.push(line);
    if (index % batch === batch - 1) await turn();
  }
  return { read: true, text: lines.join('\n'), command, warnings: '' };
}

/** `null` for a thread of the kernel, which has no memory of its own, and for what has ended by now. */
function lineOf(pid: string): string | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    // It has ended.
    return null;
  }
  const field = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? '';
  if (field('VmSize') === '') return null;
  const uid = field('Uid').split(/\s+/)[1] ?? '';
  const depth = field('NSpid') === '' ? 1 : field('NSpid').split(/\s+/).length;
  const [net, user] = ['net', 'user'].map((kind) => linkAt(`/proc/${pid}/ns/${kind}`));
  return [pid, uid, field('CapEff'), net, user, depth, field('Name')].join('\t');
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Only root may see it of others.
    return '-';
  }
}
