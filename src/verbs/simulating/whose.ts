import type { Host } from '../../model/host/index.ts';
import { bitsOf, type Prefix, prefixRange } from '../../model/net/index.ts';
import { ok, type Result } from '../../result.ts';
import type { NeverEntry } from '../../watch/bans/index.ts';
import type { Surroundings } from '../../watch/detect/index.ts';
import { readHost } from '../reading.ts';
import type { Context } from '../verb.ts';

/** Whose log it is: what detectors know of the host, and whom it never shuts out. */
export interface Whose {
  readonly surroundings: Surroundings;
  readonly never: readonly NeverEntry[];
}

export async function readWhose(context: Context, facts: string): Promise<Result<Whose>> {
  const read = await readHost(context, { ruleset: [], facts }, { factsAlone: true });
  return read.ok ? ok(whoseOf(read.value)) : read;
}

function whoseOf({ addresses, routes }: Host): Whose {
  const all = addresses.known ? addresses.value : [];
  const ways = routes.known ? routes.value : [];
  const single = ({ family, value }: { family: Prefix['family']; value: bigint }): Prefix => ({
    family,
    value,
    length: bitsOf(family),
  });
  const own = all.map(({ prefix: { family, value } }) => ({ family, value }));
  const outside = ways.filter(({ prefix, link }) => prefix.length === 0 && link !== null).map(({ link }) => link as string);
  const never: NeverEntry[] = [
    ...own.map((address) => ({ network: single(address), why: 'it is this host’s own address' })),
    ...ways.flatMap(({ gateway }) => (gateway === null ? [] : [{ network: single(gateway), why: 'it is a gateway' }])),
  ];
  return {
    surroundings: {
      own: addresses.known ? own : null,
      connected: all
        .filter(({ prefix }) => prefix.length < bitsOf(prefix.family))
        .map(({ prefix }) => ({ ...prefix, value: prefixRange(prefix)[0] })),
      answering: [],
      outside: routes.known && outside.length > 0 ? [...new Set(outside)] : null,
    },
    never,
  };
}
