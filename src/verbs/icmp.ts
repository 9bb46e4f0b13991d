import type { Family } from '../model/net/index.ts';
import type { Constraint } from '../model/packet/index.ts';
import { parseRuleset, ruleMeaning } from '../model/ruleset/index.ts';

/** An ICMP type, and the code that some names say with it. */
export interface IcmpType {
  readonly type: number;
  readonly code: number | null;
}

/**
 * A type by number, by `TYPE/CODE`, or by any name that `--icmp-type` (IPv6: `--icmpv6-type`) of iptables takes: the text is
 * read as the rule that a user would write.
 */
export function icmpTypeOf(family: Family, text: string): IcmpType | undefined {
  if (!/^[a-z\d/-]+$/i.test(text)) return undefined;
  const match = family === 4 ? '-p icmp -m icmp --icmp-type' : '-p ipv6-icmp -m icmp6 --icmpv6-type';
  const rules = `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ${match} ${text}\nCOMMIT\n`;
  const ruleset = parseRuleset(rules, { file: '--icmp-type', family });
  const rule = ruleset.ok ? ruleset.value.tables[0]?.rules[0] : undefined;
  if (!ruleset.ok || rule === undefined) return undefined;
  const { constraint } = ruleMeaning(ruleset.value, rule);
  const type = only(constraint, 'icmpType');
  return type === undefined ? undefined : { type, code: only(constraint, 'icmpCode') ?? null };
}

/** The one value that the constraint leaves the field. */
function only(constraint: Constraint, field: 'icmpType' | 'icmpCode'): number | undefined {
  if (constraint.kind === 'all') return constraint.of.map((part) => only(part, field)).find((value) => value !== undefined);
  if (constraint.kind !== 'number' || constraint.field !== field) return undefined;
  const [first] = constraint.ranges;
  return constraint.ranges.length === 1 && first !== undefined && first[0] === first[1] ? first[0] : undefined;
}
