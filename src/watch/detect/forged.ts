import { formatAddress, type Prefix } from '../../model/net/index.ts';
import { addressAt } from '../events/batch.ts';
import { sourceOf } from '../incidents/sources.ts';
import { addressSet } from './address-set.ts';
import type { Batch, DetectorContext, Family } from './detector.ts';

/** Packets of one kind on one link that are told of: one may be a mistake. */
export const least = 3;
const withinMs = 10 * 60_000;
/** Kinds and links that are followed at once. */
const most = 256;

/** What a packet's source cannot be; `null`: it may be. */
export type Impossible = { readonly id: number; readonly what: string; readonly why: string };

/** What a detector holds to be impossible. */
export interface ForgedRule {
  readonly detector: string;
  /** Sources of no other networks are looked at, but those that are their own target. */
  readonly networks: readonly Prefix[];
  judge(batch: Batch, row: number): Impossible | null;
}

/** One kind on one link. */
interface Case {
  incident: number;
  events: number;
  since: number;
}

/** Incidents about sources that are lies, one for each kind and link. Nobody is shut out: whoever sent it is not who it says. */
export class ForgedSources {
  private readonly context: Pick<DetectorContext, 'report' | 'more'>;
  private readonly rules: ForgedRule[] = [];
  private readonly cases = new Map<string, Case>();
  private looked = addressSet([]);

  constructor(context: Pick<DetectorContext, 'report' | 'more'>) {
    this.context = context;
  }

  follow(rule: ForgedRule): void {
    this.rules.push(rule);
    this.looked = addressSet(this.rules.flatMap(({ networks }) => networks));
  }

  /** An event that came by a link: what this host sends bears the addresses that it should. */
  see(batch: Batch, row: number): void {
    if (!this.looked.mayHave(batch, row) && !isOfItself(batch, row)) return;
    const link = batch.names.text(batch.in[row] as number);
    if (link === 'lo') return;
    for (const rule of this.rules) {
      const found = rule.judge(batch, row);
      if (found !== null) this.count(batch, row, rule.detector, found, link);
    }
  }

  private count(batch: Batch, row: number, detector: string, found: Impossible, link: string): void {
    const at = batch.at[row] as number;
    const key = `${detector} ${found.id} ${link}${batch.trusted ? '' : ' forgeable'}`;
    let one = this.cases.get(key);
    if (one === undefined) {
      if (this.cases.size >= most) return;
      one = { incident: 0, events: 0, since: at };
      this.cases.set(key, one);
    }
    if (one.incident !== 0) {
      if (this.context.more(one.incident, batch, row)) return;
      one.incident = 0;
      one.events = 0;
    }
    if (one.events > 0 && at - one.since > withinMs) one.events = 0;
    if (one.events === 0) one.since = at;
    one.events += 1;
    if (one.events < least) return;
    const source = formatAddress(addressAt(batch.src, 4 * row, batch.family[row] as Family));
    one.incident = this.context.report({
      detector,
      key: `${found.what} on ${link}`,
      severity: 'low',
      title: `Packets come in on ${link} from ${found.what}`,
      why: `${one.events} came within ${withinMs / 60_000} minutes, the last from ${source}. ${found.why} Whoever sends them is on that link or behind it; the lines of evidence say by which MAC address they came. Nobody is shut out for them.`,
      sources: [sourceOf(batch, row)],
      targets: [],
      batch,
      row,
      at,
      since: one.since,
      events: one.events,
      spoofable: true,
      ban: false,
    });
  }
}

/** It goes to many: these are also sent by those who have no address yet, and come back to those who sent them. */
export function isToMany(batch: Batch, row: number): boolean {
  const at = 4 * row;
  if (batch.family[row] === 6) return (batch.dst[at] as number) >>> 24 === 0xff;
  const last = batch.dst[at + 3] as number;
  return last >>> 28 === 0xe || last === 0xffffffff;
}

/** Its source is its target. */
export function isOfItself(batch: Batch, row: number): boolean {
  const at = 4 * row;
  return (
    batch.src[at + 3] === batch.dst[at + 3] &&
    batch.src[at] === batch.dst[at] &&
    batch.src[at + 1] === batch.dst[at + 1] &&
    batch.src[at + 2] === batch.dst[at + 2]
  );
}
