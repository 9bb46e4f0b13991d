import type { ReachJson } from './reach-shape.ts';

type Row = ReachJson['rows'][number];

/** Rows of both families that differ in their sources only are one; so are the services that two rows have in common. */
export function sideBySide(rows: readonly Row[]): Row[] {
  const done: Row[] = [];
  let open = rows.filter((row) => row.sources[4] === null);
  for (const row of rows.filter(({ sources }) => sources[4] !== null)) {
    let rest: Row | null = row;
    for (const other of [...open]) {
      if (rest === null) break;
      const services = common(rest, other);
      if (services === null) continue;
      done.push(joined(rest, other, services));
      const left = without(other, services);
      open = open.flatMap((one) => (one === other ? (left ?? []) : one));
      rest = without(rest, services);
    }
    if (rest !== null) done.push(rest);
  }
  return [...done, ...open].map((row) => ({ ...row, listeners: row.listeners && unique(row.listeners) }));
}

/** What both ask for, if they are alike but for that and their sources; `null` when that is nothing. */
function common(left: Row, right: Row): Row['services'] | null {
  if (keyOf(left) !== keyOf(right)) return null;
  if (JSON.stringify(left.services) === JSON.stringify(right.services)) return left.services;
  if (left.services.except || right.services.except) return null;
  const list = left.services.list.filter((word) => right.services.list.includes(word));
  return list.length === 0 ? null : { except: false, list };
}

function keyOf({ links, destinations, verdict, conditions, goals }: Row): string {
  return JSON.stringify([links, destinations, verdict, conditions, goals]);
}

function joined(left: Row, right: Row, services: Row['services']): Row {
  const [mine, theirs] = [narrowed(left, services), narrowed(right, services)];
  return {
    ...mine,
    sources: { 4: left.sources[4], 6: right.sources[6] },
    listeners:
      mine.listeners === null && theirs.listeners === null ? null : [...(mine.listeners ?? []), ...(theirs.listeners ?? [])],
    witness: mine.witness ?? theirs.witness,
  };
}

function without(row: Row, services: Row['services']): Row | null {
  if (row.services.except || services.list.length === row.services.list.length) return null;
  return narrowed(row, { except: false, list: row.services.list.filter((word) => !services.list.includes(word)) });
}

/** The row for some of its services: only what belongs to those stays. */
function narrowed(row: Row, services: Row['services']): Row {
  const has = (proto: string, port: number | null): boolean =>
    services.except || services.list.some((word) => holds(word, proto, port));
  const { witness, listeners } = row;
  const asked = witness === null ? null : (witness.packet.dport ?? witness.packet.icmpType);
  return {
    ...row,
    services,
    listeners: listeners?.filter(({ proto, port }) => has(proto, port)) ?? null,
    witness: witness !== null && has(witness.packet.proto, asked) ? witness : null,
  };
}

/** Whether `22/tcp`, `6000-6007/tcp`, `ping`, `icmp type 13`, `gre`, … speaks of a port or type of the protocol. */
function holds(word: string, proto: string, port: number | null): boolean {
  const name = proto === 'icmpv6' ? 'icmp' : proto;
  if (word === 'ping') return name === 'icmp' && (port === 8 || port === 128);
  const [, low, high, of] = /^(?:icmp type )?(\d+)(?:-(\d+))?(?:\/(.+))?$/.exec(word) ?? [];
  if (low === undefined) return word === name || (word === 'other protocols' && !['tcp', 'udp', 'icmp'].includes(name));
  return (of ?? 'icmp') === name && port !== null && Number(low) <= port && port <= Number(high ?? low);
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
