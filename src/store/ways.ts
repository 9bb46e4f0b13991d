import type { DatabaseSync } from 'node:sqlite';
import { type Batch, eventKinds, type Names } from '../watch/events/index.ts';

export const kindNames = ['packet', 'failed-login', 'accepted-login'] as const;
export type KindName = (typeof kindNames)[number];

export interface Way {
  readonly id: number;
  readonly source: string;
  readonly trusted: boolean;
  readonly kind: KindName;
  readonly prefix: string;
  readonly in: string;
  readonly out: string;
}

/** So many ways are kept apart; in a file that anybody can write there is no end to prefixes, and the rest has one name. */
const most = { trusted: 49_152, forgeable: 16_384 } as const;
const others = '…';
/** So many numbers of one table of names are remembered before all of them are looked up anew. */
const mostRemembered = 65_536;

/**
 * What many events have in common, once: the source that they were read from, what they are, the rule's prefix, the links. An event holds
 * the number of it.
 */
export class Ways {
  /** Not written yet. */
  readonly fresh = new Map<number, Way>();
  private readonly numbers = new Map<string, number>();
  private readonly all = new Map<number, Way>();
  private readonly remembered = new WeakMap<Names, Map<string, Map<number, number>>>();
  private readonly counts = { trusted: 0, forgeable: 0 };
  private nextId = 1;

  load(db: DatabaseSync): void {
    for (const row of db.prepare('SELECT id, source, trusted, kind, prefix, "in", "out" FROM ways').all()) {
      const { id, source, trusted, kind, prefix } = row as unknown as Way;
      this.put({
        id,
        source,
        trusted: Boolean(trusted),
        kind,
        prefix,
        in: row['in'] as string,
        out: row['out'] as string,
      });
    }
  }

  isEmpty(): boolean {
    return this.all.size === 0;
  }

  /** All of them are to be written, into another file. */
  rewrite(): void {
    for (const way of this.all.values()) this.fresh.set(way.id, way);
  }

  write(db: DatabaseSync): void {
    if (this.fresh.size === 0) return;
    const put = db.prepare('INSERT INTO ways (id, source, trusted, kind, prefix, "in", "out") VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const { id, source, trusted, kind, prefix, in: from, out } of this.fresh.values())
      put.run(id, source, Number(trusted), kind, prefix, from, out);
  }

  prefixOf(id: number): string {
    return this.all.get(id)?.prefix ?? others;
  }

  kindOf(id: number): KindName | null {
    return this.all.get(id)?.kind ?? null;
  }

  /** Writes the ways of a batch's rows `from` … into `into`, from `at` on. */
  number(batch: Batch, source: string, from: number, count: number, into: Uint32Array, at: number): void {
    let key = -1;
    let kind = -1;
    let way = 0;
    let known = new Map<number, number>();
    for (let row = from; row < from + count; row += 1) {
      const thisKind = batch.kind[row] as number;
      const thisKey = (batch.prefix[row] as number) * 2 ** 32 + (batch.in[row] as number) * 65_536 + (batch.out[row] as number);
      if (thisKind !== kind) {
        kind = thisKind;
        key = -1;
        known = this.rememberedOf(batch, source, kind);
      }
      if (thisKey !== key) {
        key = thisKey;
        const found = known.get(key);
        if (found === undefined) {
          way = this.look(batch, source, row);
          if (known.size >= mostRemembered) known.clear();
          known.set(key, way);
        } else way = found;
      }
      into[at + row - from] = way;
    }
  }

  private rememberedOf(batch: Batch, source: string, kind: number): Map<number, number> {
    const { names, trusted } = batch;
    let tables = this.remembered.get(names);
    if (tables === undefined) {
      tables = new Map();
      this.remembered.set(names, tables);
    }
    const name = `${kind} ${trusted} ${source}`;
    let known = tables.get(name);
    if (known === undefined) {
      known = new Map();
      tables.set(name, known);
    }
    return known;
  }

  private look(batch: Batch, source: string, row: number): number {
    const { names, trusted } = batch;
    const text = (name: number | undefined): string => names.text(name ?? 0);
    const kind = kindNames[batch.kind[row] ?? eventKinds.packet] ?? 'packet';
    const way = {
      source,
      trusted,
      kind,
      prefix: text(batch.prefix[row]).trimEnd(),
      in: text(batch.in[row]),
      out: text(batch.out[row]),
    };
    const found = this.numbers.get(keyOf(way));
    if (found !== undefined) return found;
    const class_ = trusted ? 'trusted' : 'forgeable';
    const kept = this.counts[class_] < most[class_] ? way : { ...way, prefix: others, in: '', out: '' };
    const there = this.numbers.get(keyOf(kept));
    if (there !== undefined) return there;
    const fresh = { ...kept, id: this.nextId };
    this.put(fresh);
    this.fresh.set(fresh.id, fresh);
    return fresh.id;
  }

  private put(way: Way): void {
    this.numbers.set(keyOf(way), way.id);
    this.all.set(way.id, way);
    this.counts[way.trusted ? 'trusted' : 'forgeable'] += 1;
    if (way.id >= this.nextId) this.nextId = way.id + 1;
  }
}

function keyOf({ source, trusted, kind, prefix, in: from, out }: Omit<Way, 'id'>): string {
  return JSON.stringify([source, trusted, kind, prefix, from, out]);
}
