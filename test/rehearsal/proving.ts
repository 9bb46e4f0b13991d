import { createEvaluator } from '../../src/analysis/index.ts';
import { createKernel, type Kernel, type Namespace } from '../../src/kernel/index.ts';
import { type Host, hostFromFiles, type Known } from '../../src/model/host/index.ts';
import { type Packet, packetFromJson } from '../../src/model/packet/index.ts';
import type { Context } from '../../src/verbs/index.ts';
import { claimOf, type Proof, prove } from '../../src/verbs/proof/index.ts';

/** What a verb has of the machine, with the parts of streaming verbs kept. */
export function contextOf(kernel: Kernel = createKernel()): { readonly context: Context; readonly parts: unknown[] } {
  const parts: unknown[] = [];
  const context = {
    clock: { now: () => 0 },
    kernel,
    progress: () => undefined,
    signal: new AbortController().signal,
    stdin: async () => new Uint8Array(),
    async part(value: unknown) {
      parts.push(value);
    },
  } as unknown as Context;
  return { context, parts };
}

/** The kernel of which a namespace is the machine that is read. Rehearsals are beside it, as always. */
export function machineIn(namespace: Namespace): Kernel {
  const kernel = createKernel();
  return { ...kernel, read: (options) => kernel.read({ ...options, namespace }) };
}

export interface Counted {
  readonly kernel: Kernel;
  /** Namespaces that were made. */
  made(): number;
}

export function counting(kernel: Kernel): Counted {
  let made = 0;
  const namespace: Kernel['namespace'] = (options) => {
    made += 1;
    return kernel.namespace(options);
  };
  return { kernel: { ...kernel, namespace }, made: () => made };
}

/** A host as files say it. */
export function hostOf(texts: { readonly 4?: string; readonly 6?: string }, facts?: object): Host {
  const rulesets = ([4, 6] as const).flatMap((family) => {
    const text = texts[family];
    return text === undefined ? [] : [{ file: `rules.v${family}`, text, family }];
  });
  const host = hostFromFiles({
    rulesets,
    ...(facts !== undefined && { facts: { file: 'facts', text: JSON.stringify(facts) } }),
    readAt: 0,
  });
  if (!host.ok) throw new Error(JSON.stringify(host.problems));
  return host.value;
}

export function packetOf(json: object): Packet {
  const packet = packetFromJson(json, { link: 'eth0' });
  if (!packet.ok) throw new Error(JSON.stringify(packet.problems));
  return packet.value;
}

/** What the interpreter says of each packet, and what the kernel did. */
export async function traced(
  host: Host,
  packets: readonly Packet[],
  {
    context = contextOf().context,
    backend = undefined as 'nft' | 'legacy' | undefined,
    sets = { known: true, value: '' } as Known<string>,
  } = {},
): Promise<readonly { readonly said: string; readonly proof: Proof }[]> {
  const evaluator = createEvaluator(host);
  const claims = packets.map((packet) => {
    const trace = evaluator.trace(packet);
    if (trace === null) throw new Error('the rules are unknown');
    return claimOf({ packet, trace });
  });
  const proofs = await prove(context, { host, backend, sets }, claims);
  return claims.map(({ verdict, decidedBy }, index) => ({
    said: `${verdict} ${decidedBy?.chain} ${decidedBy?.rule}`,
    proof: proofs[index] ?? { ran: false, why: 'no proof' },
  }));
}

/** In a word or two. */
export function words(proof: Proof | null | undefined): string {
  if (proof == null) return 'none';
  if (!proof.ran) return proof.why;
  return `${proof.agrees ? 'agrees' : 'DISAGREES'}${proof.led ? ', led' : ''}`;
}
