import { fileURLToPath } from 'node:url';
import { failed, ok, type Result } from '../result.ts';
import { type Child, start } from './child.ts';
import type { Collected } from './collector.ts';
import type { Namespace } from './namespace.ts';
import type { NflogPacket } from './nflog.ts';

/** As {@link Nflog.follow}, with a first, empty batch once the group is bound. */
export interface Collection extends AsyncDisposable {
  follow(): AsyncIterable<Result<{ readonly packets: readonly NflogPacket[]; readonly lost: number }>>;
}

/** Reads an NFLOG group from within a namespace, by a helper process there (collector.ts). Ends with its disposal, or with us. */
export function collectNflog(namespace: Pick<Namespace, 'enter' | 'env'>, group: number): Collection {
  const child = start({ argv: [...namespace.enter, process.execPath, program(), String(group)], env: namespace.env });
  return {
    follow: () => follow(child),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function* follow(child: Child): AsyncGenerator<Result<{ packets: readonly NflogPacket[]; lost: number }>> {
  let bound = false;
  for await (const line of child.lines) {
    const said = JSON.parse(line) as Collected;
    if (said.kind === 'problem') {
      yield failed(said.problem);
      return;
    }
    bound = true;
    const packets = said.packets.map((packet) => ({ ...packet, payload: Buffer.from(packet.payload, 'base64') }));
    yield ok({ packets, lost: said.lost });
  }
  if (bound) return;
  const { stderr } = await child.ended;
  yield failed({
    code: 'unread',
    message: `the packets that the namespace logs cannot be read (${stderr.trim().split('\n').at(-1) ?? 'no reason given'})`,
    hint: 'run as root to look at this host instead',
  });
}

/** Beside this file, as source or as built. */
function program(): string {
  const name = import.meta.url.endsWith('.ts') ? './collector.ts' : './collector.js';
  return fileURLToPath(new URL(name, import.meta.url));
}
