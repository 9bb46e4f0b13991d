/**
 * How Zabbix sees a host: items, the template that reads them, and the protocol by which servers and agents talk.
 *
 * One table of items says what there is; the JSON of the master item, the template and its documentation are made of it. Nothing here decides when
 * something is sent: that is the reporter's and the channel's. The template (`template`, `files`) is asked for apart, since it brings YAML along.
 */
export { type Answer, call, type Tls, type Where } from './call.ts';
export { type Event, eventKey, eventLine } from './event.ts';
export { itemsOf, masterKey } from './items.ts';
export { type Counts, type Sent, sendValues, type Value } from './values.ts';
