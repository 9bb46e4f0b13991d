/** Of the file's form: an older palisade refuses a newer one. */
export const schemaVersion = 2;
/** "pali", so that `file` and others can tell whose it is (SQLite, "PRAGMA application_id"). */
export const applicationId = 0x70616c69;

/** Columns of an event beyond its id, in the order in which they are bound. */
export const eventColumns = [
  ...(['at', 'way', 'src', 'dst', 'proto', 'sport', 'dport', 'flags'] as const),
  ...(['icmp_type', 'icmp_code', 'length', 'ttl', 'mark'] as const),
] as const;

/** An address as people read it: of IPv4 with dots, of IPv6 its 32 digits. */
const addressText = (column: string): string =>
  `CASE typeof(${column}) WHEN 'integer' THEN (${column} >> 24) || '.' || ((${column} >> 16) & 255) || '.' || ((${column} >> 8) & 255) || '.' || (${column} & 255) ELSE hex(${column}) END`;

/** Logged packets by protocol and prefix, since the store was begun: they go up, whatever becomes of single events. */
const logged = `CREATE TABLE logged (
  proto INTEGER NOT NULL, prefix TEXT NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (proto, prefix)
) WITHOUT ROWID`;

/** Few of many: whoever asks what goes on reads no others. */
const openIncidents = "CREATE INDEX incidents_open ON incidents (detector) WHERE state = 'open'";

/**
 * docs/store.md says what all of it means. No index over events but their id: every index would cost as much as the row itself. What is asked
 * often is counted in `tops`, and `spans` tell where events of a time are.
 */
export const schema = `
CREATE TABLE ways (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, trusted INTEGER NOT NULL, kind TEXT NOT NULL,
  prefix TEXT NOT NULL, "in" TEXT NOT NULL, "out" TEXT NOT NULL
);
CREATE TABLE events (
  id INTEGER PRIMARY KEY, at INTEGER, way INTEGER, src INTEGER, dst INTEGER, proto INTEGER, sport INTEGER, dport INTEGER, flags INTEGER,
  icmp_type INTEGER, icmp_code INTEGER, length INTEGER, ttl INTEGER, mark INTEGER
);
CREATE TABLE spans (
  id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
  kept INTEGER NOT NULL, closed INTEGER NOT NULL, gone INTEGER NOT NULL, counts INTEGER NOT NULL
);
CREATE TABLE tops (
  by TEXT NOT NULL, span INTEGER NOT NULL, what NOT NULL, events INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, most INTEGER,
  PRIMARY KEY (by, span, what)
) WITHOUT ROWID;
CREATE TABLE seconds (second INTEGER PRIMARY KEY, events INTEGER NOT NULL);
CREATE TABLE cursors (source TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE losses (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, count INTEGER NOT NULL, of TEXT NOT NULL);
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, detector TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  events INTEGER NOT NULL, title TEXT NOT NULL, why TEXT NOT NULL, source_count INTEGER NOT NULL, spoofable INTEGER NOT NULL,
  trusted INTEGER NOT NULL, sources TEXT NOT NULL, targets TEXT NOT NULL, evidence TEXT NOT NULL, remedy TEXT NOT NULL DEFAULT ''
);
CREATE INDEX incidents_last ON incidents (last);
${openIncidents};
CREATE TABLE attended (
  incident TEXT PRIMARY KEY, acknowledged_by TEXT, acknowledged_at INTEGER, silenced_by TEXT, silenced_until INTEGER
) WITHOUT ROWID;
CREATE TABLE bans (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL, reach TEXT NOT NULL, why TEXT NOT NULL,
  by TEXT NOT NULL, before INTEGER NOT NULL, lifted_by TEXT, lifted_at INTEGER
);
CREATE INDEX bans_source ON bans (source);
CREATE TABLE rules (
  rule TEXT PRIMARY KEY, since INTEGER NOT NULL, seen INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL, last_hit INTEGER,
  read_packets INTEGER NOT NULL, read_bytes INTEGER NOT NULL
) WITHOUT ROWID;
${logged};
CREATE TABLE writer (only INTEGER PRIMARY KEY CHECK (only = 1), pid INTEGER NOT NULL, what TEXT NOT NULL, since INTEGER NOT NULL);
CREATE VIEW log AS SELECT events.id, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS time, kind, prefix, "in", "out",
  ${addressText('src')} AS src, sport, ${addressText('dst')} AS dst, dport, proto, flags, icmp_type, icmp_code, length, ttl, mark, source, trusted
  FROM events JOIN ways ON ways.id = events.way;
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${schemaVersion};
`;

/** What makes a file of an earlier version one of the next, by the version that it is of. */
export const migrations: Readonly<Record<number, string>> = {
  1: `ALTER TABLE incidents ADD COLUMN remedy TEXT NOT NULL DEFAULT ''; ${logged}; ${openIncidents}`,
};
