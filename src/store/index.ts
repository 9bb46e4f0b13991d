/**
 * What is remembered: events, incidents, bans, and how far each source was read, in one SQLite file of the state folder.
 *
 * One writer, any readers. It judges nothing. Called by whoever watches a host, and by the verbs that ask.
 */
export { acknowledge, silence } from './attend.ts';
export type { BanWord } from './kept.ts';
export { noteIncidents } from './note-incidents.ts';
export { openReading, openStore, whoWrites } from './open.ts';
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
