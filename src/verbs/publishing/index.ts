/**
 * The state of the host for everybody who may read it: made of what `up` reads, published on a Unix socket, and read from there.
 *
 * What the state is stands in `monitor/state`; how monitoring systems are told stands in `monitor`. Readers need no rights over the firewall and can do
 * nothing but read. Incidents of the host itself are made here too, since what they are made of comes together here. `up` calls `publishing`; `state`,
 * `check` and the process that sends call what is exported here, which loads quickly.
 */
export { publishedAt } from './place.ts';
export { readPublished } from './read.ts';
