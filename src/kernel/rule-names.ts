import type { Packet, RuleRef } from '../model/packet/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import type { RehearsalInput } from './load.ts';
import type { Namespace } from './namespace.ts';
import type { Trail } from './wire.ts';

/** The rules and policies of a packet's trail, numbered as iptables numbers them. */
export type Naming = (trail: readonly Trail[], packet: Packet) => readonly RuleRef[];

export const nothingNamed: Naming = () => [];

/** Asks once what the trails of this ruleset's packets will need: handles of nft's rules, or numbers of rules of legacy chains. */
export async function namesOfRules(namespace: Namespace, { rulesets, backend }: RehearsalInput): Promise<Result<Naming>> {
  const families = ([4, 6] as const).filter((family) => rulesets[family] !== undefined);
  const texts = new Map<4 | 6, string>();
  for (const family of families) {
    const tool = backend === 'nft' ? (['nft', '-j', 'list', 'ruleset', family === 4 ? 'ip' : 'ip6'] as const) : saveTool(family);
    const result = await namespace.run({ argv: tool, timeoutMs: 90_000, maxBytes: 512 * 1024 * 1024 });
    if (result.kind !== 'exited' || result.status !== 0) return failed(unlisted(tool[0], result));
    texts.set(family, result.stdout);
  }
  return backend === 'nft' ? namingByHandle(texts) : ok(namingByCount(texts));
}

const saveTool = (family: 4 | 6): readonly [string] => [`${family === 4 ? 'iptables' : 'ip6tables'}-legacy-save`];

function namingByHandle(texts: ReadonlyMap<4 | 6, string>): Result<Naming> {
  const byHandle = new Map<string, RuleRef>();
  for (const [family, text] of texts) {
    const counted = new Map<string, number>();
    for (const { rule } of listed(text)) {
      if (rule === undefined) continue;
      const { table, chain, handle } = rule;
      const number = (counted.get(`${table} ${chain}`) ?? 0) + 1;
      counted.set(`${table} ${chain}`, number);
      byHandle.set(`${family} ${table} ${handle}`, { family, table, chain, rule: number });
    }
  }
  return ok((trail, { family }) =>
    trail.flatMap((step): RuleRef[] => {
      if (step.kind !== 'nft') return [];
      const { table, chain, handle } = step;
      if (handle === 0) return [{ family, table, chain, rule: 'policy' }];
      const found = byHandle.get(`${family} ${table} ${handle}`);
      return found === undefined ? [] : [found];
    }),
  );
}

/** `nft -j list ruleset`: rules in their order; the rest of each is not looked at. */
function listed(text: string): readonly { rule?: { table: string; chain: string; handle: number } }[] {
  const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
  const all = typeof value === 'object' && value !== null && 'nftables' in value ? value.nftables : [];
  return Array.isArray(all) ? all : [];
}

/**
 * Legacy tables say `TRACE: filter:INPUT:rule:3 `. A rule without conditions is called `policy` in a built-in chain and
 * `return` in another, by its number all the same (ip_tables.c, get_chainname_rulenum): only a number behind the last
 * rule is the policy, or the end of the chain.
 */
function namingByCount(texts: ReadonlyMap<4 | 6, string>): Naming {
  const counts = new Map<string, number>();
  for (const [family, text] of texts) {
    let table = '';
    for (const line of text.split('\n')) {
      if (line.startsWith('*')) table = line.slice(1);
      const chain = /^(?:\[\d+:\d+\] )?-A (\S+)/.exec(line)?.[1];
      if (chain === undefined) continue;
      const key = `${family} ${table} ${chain}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return (trail, { family, hook }) =>
    trail.flatMap((step): RuleRef[] => {
      // Over loopback a packet that was sent comes in again: that is another way.
      if (step.kind !== 'legacy' || (hook === 'output' && step.hook < 3)) return [];
      const [, table, chain, kind, number] = /^TRACE: ([^:]+):(.+):(rule|policy|return):(\d+) ?$/.exec(step.prefix) ?? [];
      if (table === undefined || chain === undefined) return [];
      const rule = Number(number);
      if (rule <= (counts.get(`${family} ${table} ${chain}`) ?? 0)) return [{ family, table, chain, rule }];
      return kind === 'policy' ? [{ family, table, chain, rule: 'policy' }] : [];
    });
}

function unlisted(tool: string, result: { readonly kind: string; readonly stderr?: string }): Problem {
  const why = result.stderr?.trim().split('\n')[0] ?? result.kind;
  return { code: 'unread', message: `${tool} does not list the rules (${why})`, hint: 'see whether it works by hand' };
}
