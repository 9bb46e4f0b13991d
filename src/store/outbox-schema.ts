/** Of the outbox's form: an older palisade refuses a newer one. */
export const outboxVersion = 1;
/** "palo", so that it is told apart from the store of events. */
export const outboxApplicationId = 0x70616c6f;

/** docs/alerts.md says what all of it means. */
export const outboxSchema = `
CREATE TABLE messages (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, thread TEXT NOT NULL, sequence INTEGER NOT NULL,
  kind TEXT NOT NULL, at INTEGER NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
  state TEXT NOT NULL, attempts INTEGER NOT NULL, next INTEGER NOT NULL, since INTEGER NOT NULL, why TEXT, ended INTEGER, receipt TEXT,
  UNIQUE (channel, thread, sequence)
);
CREATE INDEX messages_waiting ON messages (n) WHERE state = 'waiting';
CREATE INDEX messages_ended ON messages (ended) WHERE ended IS NOT NULL;
CREATE TABLE tracked (incident TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE channels (
  channel TEXT PRIMARY KEY, type TEXT NOT NULL, delivered INTEGER NOT NULL, last_delivered INTEGER, failing TEXT, failing_since INTEGER
) WITHOUT ROWID;
CREATE TABLE words (n INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL, of TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL);
CREATE TABLE writer (only INTEGER PRIMARY KEY CHECK (only = 1), pid INTEGER NOT NULL, what TEXT NOT NULL, since INTEGER NOT NULL);
PRAGMA application_id = ${outboxApplicationId};
PRAGMA user_version = ${outboxVersion};
`;
