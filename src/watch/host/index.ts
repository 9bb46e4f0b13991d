/**
 * What a host itself has to say, as incidents: findings that are new, drift, new listeners and destinations, backups that fail, blindness.
 *
 * Pure: conditions that hold now, and the incidents that are open, in; what has opened, grown and closed out. What holds is said by whoever reads the
 * host (`verbs/publishing`), and events of packets have nothing to do with it.
 */
export { type Condition, type Followed, followConditions, type HostDetector, hostDetectors, isOfHost } from './conditions.ts';
export { type Contact, createDestinations, type Destinations, type KeptDestinations } from './destinations.ts';
export { type KeptListeners, newListeners, type OpenListener } from './listeners.ts';
