import { createKernel } from '../../src/kernel/kernel.ts';
import type { Namespace } from '../../src/kernel/namespace.ts';
import type { Run } from '../../src/kernel/run.ts';
import { type Backend, type Host, hostFromTexts, type Known } from '../../src/model/host/index.ts';
import type { Ruleset } from '../../src/model/ruleset/index.ts';

export const kernel = createKernel();

export async function hostIn(ns: Namespace, backend?: Backend): Promise<Host> {
  return hostFromTexts(await kernel.read({ namespace: ns }), backend === undefined ? {} : { backend });
}

/** The machine without some tools. */
export function without(tools: readonly string[], run: Run): Run {
  return async (request) => (tools.includes(request.argv[0]) ? { kind: 'missing', tool: request.argv[0] } : run(request));
}

/** Like {@link Namespace}, with another runner. */
export function through(ns: Namespace, run: Run): Namespace {
  return { ...ns, run, [Symbol.asyncDispose]: () => Promise.resolve() };
}

export function rules(ruleset: Known<Ruleset>): readonly string[] {
  if (!ruleset.known) throw new Error(ruleset.why);
  const { text, tables } = ruleset.value;
  return tables.flatMap((table) => table.rules.map(({ start, end }) => text.slice(start, end).replace(/^\[\d+:\d+\] /, '')));
}

export const legacySaves = ['iptables-legacy-save', 'ip6tables-legacy-save'];
export const nftSaves = ['iptables-nft-save', 'ip6tables-nft-save'];
