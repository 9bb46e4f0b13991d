/**
 * Who is told of which incident, when, and together with what: from incidents as they are to messages to be sent.
 *
 * Pure: it is told what is so and what time it is, and says what is to be said. All that it remembers is plain JSON, so that it goes on after a
 * restart as if there had been none. It delivers nothing (`outbox`) and knows no channel's form. The process that sends calls it.
 */

export type { Draft } from './draft.ts';
export { type Route, routesOf } from './route.ts';
export { Routing, type RoutingChanges, type RoutingSaved } from './routing.ts';
export type { IncidentNow, Tracked } from './tracked.ts';
