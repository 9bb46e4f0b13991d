import type { Host } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import type { FinalVerdict, Hook, RuleRef, Trace } from '../model/packet/index.ts';
import { type Rule, ruleText } from '../model/ruleset/index.ts';
import { command, toolIn } from './command.ts';
import type { Located, Witness } from './finding.ts';

/** The filter chain that speaks for a way when no rule decides. */
export const chainOf: Readonly<Record<Hook, string>> = { input: 'INPUT', forward: 'FORWARD', output: 'OUTPUT' };

/** Which rules and policies end the witnesses' ways with one of these verdicts, each once; in the order of the rules. */
export function deciders(witnesses: readonly Witness[], verdicts: readonly FinalVerdict[]): readonly Located[] {
  const found = new Map<string, Located>();
  for (const { packet, trace } of witnesses) {
    for (const ending of endingsOf(trace)) {
      if (!verdicts.includes(ending.verdict)) continue;
      const ref = ending.decidedBy ?? policyOf(packet.family, packet.hook);
      found.set(`${ref.table} ${ref.chain} ${ref.rule}`, { ...ref, line: ending.decidedBy === null ? null : ending.line });
    }
  }
  return [...found.values()].sort((a, b) => (a.chain === b.chain ? numberOf(a) - numberOf(b) : 0));
}

/** The policy comes after all rules. */
function numberOf({ rule }: RuleRef): number {
  return rule === 'policy' ? Number.MAX_SAFE_INTEGER : rule;
}

export const allowing: readonly FinalVerdict[] = ['ACCEPT', 'QUEUE', 'STOLEN'];
export const denying: readonly FinalVerdict[] = ['DROP', 'REJECT'];

/** Every way that a packet may end: one when the verdict is certain. */
export function endingsOf(trace: Trace): readonly {
  readonly when: Readonly<Record<string, boolean>>;
  readonly verdict: FinalVerdict;
  readonly decidedBy: RuleRef | null;
  readonly line: number | null;
}[] {
  if (trace.verdict === 'DEPENDS' || trace.verdict === 'UNDECIDED') return trace.outcomes;
  return [{ when: {}, verdict: trace.verdict, decidedBy: trace.decidedBy, line: trace.line }];
}

/** A policy of the filter table, also where no table is loaded: then all is accepted as if by it. */
export function policyOf(family: Family, hook: Hook): RuleRef {
  return { family, table: 'filter', chain: chainOf[hook], rule: 'policy' };
}

export function ruleAt(host: Host, ref: RuleRef): Rule | null {
  const fact = host.rulesets[ref.family];
  if (!fact.known || ref.rule === 'policy') return null;
  const chain = fact.value.tables.find(({ name }) => name === ref.table)?.chains.get(ref.chain);
  return chain?.rules[ref.rule - 1] ?? null;
}

/** `the policy of INPUT`, or ``rule 3 of INPUT (`-A INPUT …`)``. */
export function sayRef(host: Host, ref: RuleRef): string {
  const chain = ref.table === 'filter' ? ref.chain : `${ref.table} ${ref.chain}`;
  if (ref.rule === 'policy') return oneLine(`the policy of ${chain}`);
  const fact = host.rulesets[ref.family];
  const rule = ruleAt(host, ref);
  return oneLine(`rule ${ref.rule} of ${chain}${fact.known && rule !== null ? ` (\`${ruleText(fact.value, rule)}\`)` : ''}`);
}

/** Sentences are one line: what stands behind an end of line in a fix is a command. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, '␤');
}

/** `a`, `a and b`, `a, b and c`. */
export function sayList(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

export function toolOf(family: Family): 'iptables' | 'ip6tables' {
  return family === 4 ? 'iptables' : 'ip6tables';
}

/** `iptables -D CHAIN N`, the last first so that the numbers stay true. */
export function deletions(refs: readonly Located[]): readonly string[] {
  return refs
    .flatMap((ref) => (ref.rule === 'policy' ? [] : [{ ...ref, rule: ref.rule }]))
    .sort((a, b) => b.rule - a.rule)
    .map((at) => command`${toolIn(at)} -D ${at.chain} ${at.rule}`);
}
