import { ranges } from '../../model/net/index.ts';
import type { AddressWords } from './addresses.ts';
import type { DraftRow } from './matrix.ts';
import type { ReachRow } from './reach.ts';
import type { Service } from './services.ts';

/** Rows that differ in one column only made one, until none do; the ones that let most in first. */
export function mergedRows(rows: readonly DraftRow[]): readonly DraftRow[] {
  let list = [...rows];
  for (let before = Number.POSITIVE_INFINITY; list.length < before; ) {
    before = list.length;
    list = mergedBy(list, 'services', (group) => mergedServices(group.flatMap(({ services }) => services)));
    list = mergedBy(list, 'links', (group) => [...new Set(group.flatMap(({ links }) => links))]);
    list = mergedBy(list, 'destinations', (group) => listed(group.map(({ destinations }) => destinations)));
    list = mergedBy(list, 'sources', (group) => listed(group.map(({ sources }) => sources)));
    list = mergedBy(list, 'goals', (group) => unique(group.flatMap(({ goals }) => goals)));
  }
  return list;
}

/** `together` gives the column of rows that are alike but for it; `null` leaves them as they are. */
function mergedBy<C extends keyof ReachRow>(
  rows: readonly DraftRow[],
  column: C,
  together: (group: readonly DraftRow[]) => ReachRow[C] | null,
): DraftRow[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify({ ...row, [column]: null, sample: null }));
  return [...groups.values()].flatMap((group) => {
    const value = group.length === 1 ? null : together(group);
    return value === null ? group : [{ ...(group[0] as DraftRow), [column]: value }];
  });
}

function mergedServices(services: readonly Service[]): readonly Service[] {
  const groups = Map.groupBy(
    services,
    ({ proto, ports, icmpTypes }) => `${proto.join()} ${ports === null} ${icmpTypes === null}`,
  );
  return [...groups.values()].map((group) => {
    const [first] = group as [Service];
    return {
      proto: first.proto,
      ports: first.ports === null ? null : ranges(...group.flatMap(({ ports }) => ports ?? [])),
      icmpTypes: first.icmpTypes === null ? null : ranges(...group.flatMap(({ icmpTypes }) => icmpTypes ?? [])),
    };
  });
}

/** Addresses that are listed can be listed together; what is said by exceptions cannot. */
function listed(words: readonly (AddressWords | 'own')[]): AddressWords | null {
  const lists: string[] = [];
  for (const one of words) {
    if (one === 'own' || one.except) return null;
    lists.push(...one.list);
  }
  return { except: false, list: [...new Set(lists)] };
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
