/**
 * Alerts as records of syslog: RFC 5424 with structured data, or CEF or LEEF within it, for whoever collects logs.
 *
 * Pure: it makes text of a message. The channel `syslog` calls it and sends what it makes.
 */

export { type Facility, type Format, facilities, framed } from './frame.ts';
export { recordsOf } from './record.ts';
