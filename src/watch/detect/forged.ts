import { formatAddress } from '../../model/net/index.ts';
import { addressAt } from '../events/batch.ts';
import { sourceOf } from '../incidents/sources.ts';
import type { Batch, DetectorContext, Family, Looking } from './detector.ts';

/** Packets of one kind on one link that are told of: one may be a mistake. */
export const least = 3;
const withinMs = 10 * 60_000;
/** Kinds and links that are followed at once. */
const most = 256;

/** What a packet's source cannot be; `null`: it may be. */
export type Impossible = { readonly id: number; readonly what: string; readonly why: string };

/** Incidents about sources that are lies, one for each kind and link. Nobody is shut out: whoever sent it is not who it says. */
export function forgedSources(
  context: DetectorContext,
  detector: string,
  judge: (batch: Batch, row: number) => Impossible | null,
): Looking {
  const cases = new Map<string, { incident: number; events: number; since: number }>();
  return {
    see(batch, row) {
      // Only what came by a link: what this host sends bears the addresses that it should.
      if (batch.in[row] === 0) return;
      const found = judge(batch, row);
      if (found === null) return;
      const link = batch.names.text(batch.in[row] as number);
      if (link === 'lo') return;
      const at = batch.at[row] as number;
      const key = `${found.id} ${link}${batch.trusted ? '' : ' forgeable'}`;
      let one = cases.get(key);
      if (one === undefined) {
        if (cases.size >= most) return;
        one = { incident: 0, events: 0, since: at };
        cases.set(key, one);
      }
      if (one.incident !== 0) {
        if (context.more(one.incident, batch, row)) return;
        one.incident = 0;
        one.events = 0;
      }
      if (one.events > 0 && at - one.since > withinMs) one.events = 0;
      if (one.events === 0) one.since = at;
      one.events += 1;
      if (one.events < least) return;
      const source = sourceOf(batch, row);
      one.incident = context.report({
        detector,
        key: `${found.what} on ${link}`,
        severity: 'low',
        title: `Packets come in on ${link} from ${found.what}`,
        why: `${one.events} came within ${withinMs / 60_000} minutes, the last from ${formatAddress(addressAt(batch.src, 4 * row, batch.family[row] as Family))}. ${found.why} Whoever sends them is on that link or behind it; the lines of evidence say by which MAC address they came. Nobody is shut out for them.`,
        sources: [source],
        targets: [],
        batch,
        row,
        at,
        since: one.since,
        events: one.events,
        spoofable: true,
        ban: false,
      });
    },
  };
}

/** It goes to many: these are also sent by those who have no address yet, and come back to those who sent them. */
export function isToMany(batch: Batch, row: number): boolean {
  const at = 4 * row;
  if (batch.family[row] === 6) return (batch.dst[at] as number) >>> 24 === 0xff;
  const last = batch.dst[at + 3] as number;
  return last >>> 28 === 0xe || last === 0xffffffff;
}
