/**
 * What is remembered, for whoever asks: events, who is in most of them, and incidents.
 *
 * `window` says of which time, `places` whose an address is, `spreadsheet` writes CSV. It reads the store beside whoever writes it, and changes nothing
 * of it but what somebody says of an incident. `events`, `top` and `incidents` call it.
 */
export { askEvents } from './events.ts';
export { askIncidents } from './incidents.ts';
export { askTop } from './top.ts';
