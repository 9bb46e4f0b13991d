import { z } from 'zod';
import type { Problem } from '../result.ts';
import { connectionsReport } from './connections-shape.ts';
import { readHost, readingInput } from './reading.ts';
import { verb } from './verb.ts';

export const connections = verb({
  name: 'connections',
  group: 'look',
  summary: 'accepted flows now: peer, process, the rule that let them in',
  description: `Lists the connections that go on, from open sockets and from what connection tracking knows: to this host, from it, through it
and within it, with the process and with the addresses that they were translated to. Of each it says which of the present rules would let
its first packet in (a SYN, NEW), and which let its packets pass now, in both directions. One that would not be let in anew was accepted
before the rules changed, and stands first: it ends only when one of its ends does, or with conntrack -D.

The rules are those of now, so the rule that let a connection in at its time may be gone. Where rules of nftables stand beside those of iptables
it depends on them, or is unknown. Of files only the "sessions" of --facts are known.`,
  input: z.object({ ...readingInput }),
  output: connectionsReport,
  streams: false,
  exits: {
    0: 'listed',
    2: 'a file or flag could not be read',
    3: 'a part of it is unknown: rules, sockets or tracked connections that could not be read',
  },
  examples: [
    { command: 'palisade connections', says: 'who is connected, and which rule lets them' },
    { command: 'palisade connections --json', says: 'the same with every packet that was asked about' },
  ],
  async run(context, input) {
    const host = await readHost(context, input);
    if (!host.ok) return { kind: 'invalid', problems: host.problems };
    const { connectionsJson, connectionsOfFiles } = await import('./connecting.ts');
    const { connectionsFromTexts } = await import('../model/host/index.ts');
    const found =
      host.value.origin === 'files'
        ? connectionsOfFiles(host.value)
        : connectionsFromTexts(await context.kernel.connections({ signal: context.signal }));
    const { sockets, tracked } = found;
    if (!sockets.known && !tracked.known) {
      const problems = [sockets, tracked].map(({ why, remedy }): Problem => ({ code: 'unread', message: why, hint: remedy }));
      return { kind: 'unread', problems };
    }
    context.progress('following connections');
    const value = connectionsJson(host.value, found);
    return { kind: value.unknown.length > 0 ? 'unknown' : 'done', value };
  },
});
