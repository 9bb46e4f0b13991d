import type { Family, Prefix } from '../net/index.ts';
import type { Fields } from './fields.ts';
import { every, parseDestination } from './link.ts';
import { numberOf, type Printed, printedList, textOf } from './printed.ts';

/** One rule of policy routing (ip-rule(8)): which table is looked up, for which packets. In the order of their priorities. */
export interface RoutingRule {
  readonly priority: number;
  /** `table`: look it up. `goto`: go on with the rule of priority `target`. `nop`: go on. The others refuse. */
  readonly action: 'table' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit';
  /** Of `table`; `null` for a rule that takes the table of the packet's VRF (`l3mdev`). */
  readonly table: string | null;
  readonly target: number | null;
  /** True for packets that do not match what follows. */
  readonly not: boolean;
  readonly from: Prefix | null;
  readonly to: Prefix | null;
  readonly in: string | null;
  readonly out: string | null;
  readonly mark: { readonly value: number; readonly mask: number } | null;
  /** What else it asks for, as `name value` (tos, ipproto, sport, dport, uidrange, l3mdev, suppress_prefixlength, …). */
  readonly other: readonly string[];
}

const actions = ['blackhole', 'unreachable', 'prohibit'] as const;

/** Fields that are told apart, or that say nothing of packets. */
const understood = new Set(
  'priority not src srclen dst dstlen iif oif iif_detached oif_detached fwmark fwmask table action goto unresolved nop protocol'.split(
    ' ',
  ),
);

/** `ip -j -4 rule`, or `-6` (iproute2, ip/iprule.c, print_rule). */
export function parseRoutingRules(family: Family, text: string): readonly RoutingRule[] | undefined {
  return every(printedList(text), (object) => parseRule(family, object));
}

function parseRule(family: Family, object: Printed): RoutingRule | undefined {
  const priority = numberOf(object, 'priority');
  const [from, to] = [prefixOf(family, object, 'src'), prefixOf(family, object, 'dst')];
  const mark = markOf(object);
  if (priority === undefined || from === undefined || to === undefined || mark === undefined) return undefined;
  const target = numberOf(object, 'goto') ?? null;
  const word = textOf(object, 'action');
  const refusal = actions.find((action) => action === word);
  if (word !== undefined && refusal === undefined) return undefined;
  const table = textOf(object, 'table') ?? null;
  const action = refusal ?? (target !== null ? 'goto' : 'nop' in object ? 'nop' : 'table');
  if (action === 'table' && table === null && !('l3mdev' in object)) return undefined;
  return {
    priority,
    action,
    table,
    target,
    not: 'not' in object,
    from,
    to,
    in: textOf(object, 'iif') ?? null,
    out: textOf(object, 'oif') ?? null,
    mark,
    other: Object.entries(object)
      .filter(([key]) => !understood.has(key))
      .map(([key, value]) => (value === null ? key : `${key} ${String(value)}`)),
  };
}

/** `null` for all addresses; `undefined` when it was not understood. */
function prefixOf(family: Family, object: Printed, key: 'src' | 'dst'): Prefix | null | undefined {
  const address = textOf(object, key);
  if (address === undefined || address === 'all') return null;
  const length = numberOf(object, `${key}len`);
  return parseDestination(family, length === undefined ? address : `${address}/${length}`);
}

function markOf(object: Printed): RoutingRule['mark'] | undefined {
  const value = textOf(object, 'fwmark');
  if (value === undefined) return null;
  const [mark, mask] = [Number(value), Number(textOf(object, 'fwmask') ?? '0xffffffff')];
  return Number.isInteger(mark) && Number.isInteger(mask) ? { value: mark, mask } : undefined;
}

/** From a facts file. The family is that of its addresses; without any, what it says, or 4. */
export function readRoutingRule(fields: Fields): RoutingRule & { readonly family: Family } {
  const read = (key: 'from' | 'to'): Prefix | undefined =>
    fields.parsed(key, (text) => parseDestination(text.includes(':') ? 6 : 4, text), 'an address or a network');
  const [from, to] = [read('from'), read('to')];
  const mark = fields.parsed('mark', parseMark, 'a number, or NUMBER/MASK');
  return {
    family: from?.family ?? to?.family ?? (fields.optionalNumber('family', 4, 6) === 6 ? 6 : 4),
    priority: fields.number('priority', 0, 0xffffffff),
    action: fields.word('action', ['table', 'nop', ...actions]) ?? 'table',
    table: fields.optionalText('table') ?? 'main',
    target: null,
    not: fields.optionalBoolean('not') ?? false,
    from: from ?? null,
    to: to ?? null,
    in: fields.optionalText('in') ?? null,
    out: fields.optionalText('out') ?? null,
    mark: mark ?? null,
    other: [],
  };
}

function parseMark(text: string): { readonly value: number; readonly mask: number } | undefined {
  const [, value, mask = '0xffffffff'] = /^(0x[0-9a-f]{1,8}|\d{1,10})(?:\/(0x[0-9a-f]{1,8}|\d{1,10}))?$/i.exec(text) ?? [];
  const pair = { value: Number(value), mask: Number(mask) };
  return value === undefined || pair.value > 0xffffffff || pair.mask > 0xffffffff ? undefined : pair;
}
