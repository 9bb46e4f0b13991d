import type { TextRead } from '../model/host/index.ts';
import { ok } from '../result.ts';
import { errnoName, failedWith, inNetworkNamespace, type Libc, libc } from './libc.ts';

/** include/uapi/linux/bpf.h */
const BPF_PROG_QUERY = 16;
const places = [
  ['ingress', 46],
  ['egress', 47],
] as const;

/** Where the answer stands in `union bpf_attr`'s `query`: its `prog_cnt`. */
const countAt = 24;

/**
 * BPF programs that sit on links without any queueing discipline (tcx, since Linux 6.6), as `LINK ingress COUNT` lines: they
 * see packets before all rules and may drop them, and neither `tc` nor `ip` shows them. Only their number is asked for,
 * so that the kernel writes into our one buffer and nowhere else.
 *
 * @param links what `ip -j -d link` printed in the same namespace.
 * @param pid a process in that namespace; ours without it.
 */
export function readTcx(links: TextRead, pid: number | undefined): TextRead {
  if (!links.read) return links;
  const loaded = libc();
  if (!loaded.ok)
    return { read: false, why: 'missing', tool: 'koffi', detail: loaded.problems.map(({ message }) => message).join() };
  const calls = loaded.value;
  const asked = inNetworkNamespace(calls, pid, () => ok(queryAll(calls, links.text)));
  if (asked.ok) return asked.value;
  return { read: false, why: 'rights', tool: 'bpf', detail: asked.problems.map(({ message }) => message).join() };
}

function queryAll(calls: Libc, links: string): TextRead {
  const lines: string[] = [];
  const attributes = Buffer.alloc(64);
  for (const { ifindex, ifname } of indexes(links)) {
    for (const [place, type] of places) {
      attributes.fill(0);
      attributes.writeUInt32LE(ifindex, 0);
      attributes.writeUInt32LE(type, 4);
      const answer = calls.bpf(BPF_PROG_QUERY, attributes);
      // Older kernels do not know the place; others were built without BPF at all.
      if (failedWith(answer, 'EINVAL') || failedWith(answer, 'ENOSYS')) {
        return { read: false, why: 'unused', tool: 'bpf', detail: 'the kernel has no such programs' };
      }
      // The link went since it was listed.
      if (failedWith(answer, 'ENODEV')) continue;
      if (answer < 0) {
        const why = failedWith(answer, 'EPERM') ? 'rights' : 'failed';
        return { read: false, why, tool: 'bpf', detail: `bpf(2) answered ${errnoName(answer)}` };
      }
      const count = attributes.readUInt32LE(countAt);
      if (count > 0) lines.push(`${ifname} ${place} ${count}`);
    }
  }
  return { read: true, text: lines.join('\n'), command: 'bpftool net', warnings: '' };
}

function indexes(text: string): readonly { readonly ifindex: number; readonly ifname: string }[] {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever understands the text of the links will say that it is no JSON.
    return [];
  }
}
