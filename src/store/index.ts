/**
 * What is remembered: events, incidents, bans, and how far each source was read, in one SQLite file of the state folder; and
 * alerts that wait to be sent, in another.
 *
 * One writer, any readers. It judges nothing. Called by whoever watches a host, and by the verbs that ask.
 */
export { acknowledge, silence } from './attend.ts';
export { type FedIncident, type IncidentFeed, openIncidentFeed } from './incident-feed.ts';
export type { BanWord } from './kept.ts';
export { noteIncidents } from './note-incidents.ts';
export { openReading, openStore, whoWrites } from './open.ts';
export type { ChannelStanding, Outbox, OutboxWord, Posted, Remembered, Waiting } from './outbox.ts';
export { type OutboxReading, openOutbox, openOutboxReading, sayToSender } from './outbox-open.ts';
export { sayBans } from './say-bans.ts';
export {
  type EventQuestion,
  type IncidentQuestion,
  type Reading,
  type Standing,
  type Store,
  type StoredBan,
  type StoredEvent,
  type StoredIncident,
  type StoreLimits,
  type StoreOptions,
  type Top,
  type TopQuestion,
  type TopRow,
  usualLimits,
} from './store.ts';
