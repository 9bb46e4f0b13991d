import { shownText } from '../ruleset/index.ts';
import type { Fields } from './fields.ts';

/** A program that runs; threads of the kernel are none. */
export interface Process {
  readonly pid: number;
  /** At most 15 bytes, as the kernel keeps it. */
  readonly name: string;
  /** Effective user. */
  readonly uid: number;
  /** The effective set, one bit each (include/uapi/linux/capability.h). */
  readonly capabilities: bigint;
  /** Whether it is in the network namespace that was read, and in palisade's user namespace; `null` where that may not be seen. */
  readonly ownNetwork: boolean | null;
  readonly ownUsers: boolean | null;
  /** In a process namespace below the host's: in a container. */
  readonly contained: boolean;
}

/** CAP_NET_ADMIN: rules can be changed by whoever has it over the network namespace. */
export const netAdmin = 1n << 12n;

/** First `net NAMESPACE user NAMESPACE`, then `PID UID CAPEFF NET USER DEPTH NAME` a line, tabs between; `-` for what may not be seen. */
export function parseProcesses(text: string): readonly Process[] | undefined {
  const [head = '', ...lines] = text.split('\n');
  const [, net, user] = /^net (\S+) user (\S+)$/.exec(head) ?? [];
  if (net === undefined || user === undefined) return undefined;
  const same = (one: string, other: string): boolean | null => (one === '-' || other === '-' ? null : one === other);
  const found: Process[] = [];
  for (const line of lines) {
    if (line === '') continue;
    const match = /^(\d+)\t(\d+)\t([0-9a-f]+)\t(\S+)\t(\S+)\t(\d+)\t(.*)$/.exec(line);
    if (match === null) return undefined;
    const [, pid, uid, capabilities, inNet = '-', inUser = '-', depth, name = ''] = match;
    found.push({
      pid: Number(pid),
      name,
      uid: Number(uid),
      capabilities: BigInt(`0x${capabilities}`),
      ownNetwork: same(inNet, net),
      ownUsers: same(inUser, user),
      contained: Number(depth) > 1,
    });
  }
  return found;
}

/** Of a facts file. */
export function readProcess(fields: Fields): Process {
  const uid = fields.optionalNumber('uid', 0, 0xffffffff) ?? 0;
  const asked = fields.optionalBoolean('netAdmin') ?? uid === 0;
  return {
    pid: fields.optionalNumber('pid', 1, 0x7fffffff) ?? 2,
    name: shownText(fields.text('name')),
    uid,
    capabilities: asked ? netAdmin : 0n,
    ownNetwork: fields.optionalBoolean('ownNetwork') ?? true,
    ownUsers: fields.optionalBoolean('ownUsers') ?? true,
    contained: fields.optionalBoolean('contained') ?? false,
  };
}
