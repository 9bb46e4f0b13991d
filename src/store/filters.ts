import type { SQLInputValue } from 'node:sqlite';
import { bitsOf, parsePrefix, prefixRange } from '../model/net/index.ts';
import { columnOf } from './columns.ts';
import type { EventQuestion } from './store.ts';

/** A condition on events, with what is bound to it. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** What a question asks of each event beyond its time. */
export function conditionsOf(question: EventQuestion): readonly Condition[] {
  const { source, target, port, proto, prefix } = question;
  return [
    ...(source === undefined ? [] : [within('src', source)]),
    ...(target === undefined ? [] : [within('dst', target)]),
    ...(port === undefined ? [] : [{ sql: 'dport = ?', values: [port] }]),
    ...(proto === undefined ? [] : [{ sql: 'proto = ?', values: [proto] }]),
    ...(prefix === undefined
      ? []
      : [{ sql: 'way IN (SELECT id FROM ways WHERE substr(prefix, 1, length(?)) = ?)', values: [prefix, prefix] }]),
  ];
}

/** An address or a network in a column. Text that is neither has no event. */
function within(column: 'src' | 'dst', text: string): Condition {
  const network = parsePrefix(text);
  if (network === undefined) return { sql: '0', values: [] };
  if (network.length === bitsOf(network.family)) return { sql: `${column} = ?`, values: [columnOf(network)] };
  const [first, last] = prefixRange(network);
  const { family } = network;
  return {
    sql: `${column} BETWEEN ? AND ?`,
    values: [columnOf({ family, value: first }), columnOf({ family, value: last })],
  };
}
