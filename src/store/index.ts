/**
 * What is remembered: events, incidents, bans, and how far each source was read, in one SQLite file of the state folder.
 *
 * One writer, any readers. It judges nothing. Called by whoever watches a host, and by the verbs that ask.
 */
export type {
  EventQuestion,
  IncidentQuestion,
  Reading,
  Store,
  StoredBan,
  StoredEvent,
  StoredIncident,
  TopQuestion,
  TopRow,
} from './store.ts';
