import type { DatabaseSync } from 'node:sqlite';
import { formatPrefix } from '../model/net/index.ts';
import type { Ban, Hits, Incident } from '../watch/index.ts';
import { writeHits } from './rule-hits.ts';

/** What is to be written beside events with the next commit; what fails waits for the one after it. */
export interface Kept {
  readonly cursors: ReadonlyMap<string, string>;
  /** By id, as they are now. */
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly bans: readonly BanWord[];
  readonly losses: readonly Loss[];
  /** By rule, as they are now. */
  readonly hits: ReadonlyMap<string, Hits>;
}

export type BanWord =
  | { readonly kind: 'ban'; readonly ban: Ban }
  | { readonly kind: 'lift'; readonly source: string; readonly at: number; readonly by: string };

export interface Loss {
  readonly at: number;
  readonly source: string;
  readonly count: number;
  readonly of: string;
}

export function writeKept(db: DatabaseSync, { cursors, incidents, bans, losses, hits }: Kept, now: number): void {
  if (cursors.size > 0) {
    const put = db.prepare(
      'INSERT INTO cursors (source, cursor) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor',
    );
    for (const [source, cursor] of cursors) put.run(source, cursor);
  }
  if (losses.length > 0) {
    const put = db.prepare('INSERT INTO losses (at, source, count, of) VALUES (?, ?, ?, ?)');
    for (const { at, source, count, of } of losses) put.run(at, source, count, of);
  }
  if (incidents.size > 0) writeIncidents(db, incidents);
  if (bans.length > 0) writeBans(db, bans);
  if (hits.size > 0) writeHits(db, hits, now);
}

function writeIncidents(db: DatabaseSync, incidents: ReadonlyMap<string, Incident>): void {
  const columns = [
    ...(['id', 'detector', 'severity', 'state', 'first', 'last', 'events', 'title', 'why'] as const),
    ...(['source_count', 'spoofable', 'trusted', 'sources', 'targets', 'evidence', 'remedy'] as const),
  ];
  const put = db.prepare(
    `INSERT INTO incidents (${columns.join(',')}) VALUES (${columns.map(() => '?').join(',')})
     ON CONFLICT (id) DO UPDATE SET ${columns
       .slice(1)
       .map((name) => `${name} = excluded.${name}`)
       .join(',')}`,
  );
  for (const one of incidents.values()) {
    put.run(
      ...[
        one.id,
        one.detector,
        one.severity,
        one.state,
        Math.floor(one.first),
        Math.floor(one.last),
        one.events,
        one.title,
        one.why,
      ],
      ...[one.sourceCount, Number(one.spoofable), Number(one.trusted)],
      ...[one.sources.map(formatPrefix), one.targets, one.evidence].map((list) => JSON.stringify(list)),
      one.remedy,
    );
  }
}

function writeBans(db: DatabaseSync, bans: readonly BanWord[]): void {
  const put = db.prepare('INSERT INTO bans (source, at, until, reach, why, by, before) VALUES (?, ?, ?, ?, ?, ?, ?)');
  const lift = db.prepare('UPDATE bans SET lifted_by = ?, lifted_at = ? WHERE source = ? AND lifted_at IS NULL AND until > ?');
  for (const word of bans) {
    if (word.kind === 'lift') lift.run(word.by, Math.floor(word.at), word.source, Math.floor(word.at));
    else {
      const { source, at, until, reach, why, by, before } = word.ban;
      put.run(formatPrefix(source), Math.floor(at), Math.floor(until), reach, why, JSON.stringify(by), before);
    }
  }
}
