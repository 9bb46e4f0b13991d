import { formatProtocol } from '../model/net/index.ts';
import { type AddressColumn, columnOfWords } from './columns.ts';
import type { Rows } from './rows.ts';
import { Tally } from './tally.ts';

/** A span ends with so many events, */
export const spanRows = 16_384;
/** or at the commit with which its events are so far apart, in milliseconds. */
export const spanMs = 3_600_000;

/** What is counted of a span, and how many of each are kept one by one when it ends: the others are one row, of what is `null`. */
export const counted = { source: 512, network: 512, port: 256, target: 256, prefix: 256 } as const;
export type Counted = keyof typeof counted;

export interface TopsRow {
  readonly by: Counted;
  /** `''`: all others. */
  readonly what: AddressColumn | string;
  readonly events: number;
  readonly first: number;
  readonly last: number;
  /** Of all others: how many of them one of these has at most. */
  readonly most: number | null;
}

/**
 * Events that were kept one after the other: where their ids begin and end, of which time they are, and who is in them. An answer about an hour
 * adds up what whole spans say and looks at single events only where a span is cut by the hour. One is open, and grows; its counts are in memory.
 */
export class OpenSpan {
  id = 0;
  first = 0;
  rows = 0;
  since = Number.POSITIVE_INFINITY;
  until = Number.NEGATIVE_INFINITY;
  private readonly tallies: Readonly<Record<Counted, Tally>>;

  constructor(seed: number) {
    const tally = (): Tally => new Tally(spanRows, seed);
    this.tallies = { source: tally(), network: tally(), port: tally(), target: tally(), prefix: tally() };
  }

  /** Begins another, whose first event gets the id `first`. */
  begin(id: number, first: number): void {
    this.id = id;
    this.first = first;
    this.rows = 0;
    this.since = Number.POSITIVE_INFINITY;
    this.until = Number.NEGATIVE_INFINITY;
    for (const tally of Object.values(this.tallies)) tally.clear();
  }

  get last(): number {
    return this.first + this.rows - 1;
  }

  isOver(): boolean {
    return this.rows >= spanRows || this.until - this.since >= spanMs;
  }

  /** One event more. */
  add(rows: Rows, row: number): void {
    const at = rows.at[row] as number;
    if (at < this.since) this.since = at;
    if (at > this.until) this.until = at;
    this.rows += 1;
    const { source, network, port, target, prefix } = this.tallies;
    const family = rows.family[row] as number;
    const { src, dst } = rows;
    const word = 4 * row;
    const [a, b, c, d] = [src[word] as number, src[word + 1] as number, src[word + 2] as number, src[word + 3] as number];
    source.add(a, b, c, d, family, at);
    if (family === 4) network.add(0, 0, 0, (d & 0xffffff00) >>> 0, family, at);
    else network.add(a, b, 0, 0, family, at);
    target.add(dst[word] as number, dst[word + 1] as number, dst[word + 2] as number, dst[word + 3] as number, family, at);
    port.add(
      (rows.proto[row] as number) >>> 0,
      (rows.dport[row] as number) >>> 0,
      (rows.icmpType[row] as number) >>> 0,
      0,
      0,
      at,
    );
    prefix.add(rows.way[row] as number, 0, 0, 0, 0, at);
  }

  /** What is left of it when it ends. `prefixOf` tells the prefix of a way. */
  tops(prefixOf: (way: number) => string): readonly TopsRow[] {
    return (Object.keys(counted) as Counted[]).flatMap((by) => {
      const { keys, others, mostOfOne } = this.tallies[by].heaviest(counted[by]);
      const rows = keys.map(({ words, tag, events, first, last }): TopsRow => {
        return { by, what: wordsOf(by, words, tag, prefixOf), events, first, last, most: null };
      });
      const joined = by === 'prefix' || by === 'port' ? together(rows) : rows;
      return others === 0
        ? joined
        : [...joined, { by, what: '', events: others, first: this.since, last: this.until, most: mostOfOne }];
    });
  }
}

function wordsOf(by: Counted, words: Uint32Array, tag: number, prefixOf: (way: number) => string): AddressColumn | string {
  if (by === 'port') return portText((words[0] as number) | 0, (words[1] as number) | 0, (words[2] as number) | 0);
  return by === 'prefix' ? prefixOf(words[0] as number) : columnOfWords(words, 0, tag);
}

/** `22/tcp`, `icmp 8`, `gre`; -1 where an event has none. */
export function portText(proto: number, port: number, icmpType: number): string {
  if (proto < 0) return 'unknown';
  const name = formatProtocol(proto);
  return port >= 0 ? `${port}/${name}` : icmpType >= 0 ? `${name} ${icmpType}` : name;
}

/** What no prefix is, so that it is told from all others together. */
export const noPrefix = '(none)';

/** Several ways have one prefix, and a port is what it is whatever else an event says. */
function together(rows: readonly TopsRow[]): readonly TopsRow[] {
  const found = new Map<TopsRow['what'], TopsRow>();
  for (const row of rows) {
    const before = found.get(row.what);
    found.set(
      row.what,
      before === undefined
        ? row
        : {
            ...row,
            events: before.events + row.events,
            first: Math.min(before.first, row.first),
            last: Math.max(before.last, row.last),
          },
    );
  }
  return [...found.values()];
}
