/**
 * Whom do we tell, and how? Incidents become alerts by routes, wait in an outbox, and leave by channels.
 *
 * It sees no packet and judges no firewall: incidents come from `watch`. What waits is kept by `store`. The process that sends (`verbs/alerting`)
 * calls it.
 */

export type { Channel, ChannelContext, Delivery, Sender } from './channel.ts';
export { channels } from './channels/index.ts';
export { type Composing, compose, messageId, testMessage } from './compose.ts';
export type { Alert, Message } from './message.ts';
export { type IncidentNow, type Route, Routing, routesOf, type Tracked } from './routes/index.ts';
export { durationMs, type RouteSettings } from './routes/settings.ts';
export type { AlertSettings } from './settings.ts';
export { isWeeklyDue, type Week, type WeeklyTime, weeklyDigest } from './weekly.ts';
