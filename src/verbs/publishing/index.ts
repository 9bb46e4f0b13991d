/**
 * The state of the host for everybody who may read it: made of what `up` reads, published on a Unix socket, and read from there.
 *
 * What the state is stands in `monitor/state`; how monitoring systems are told stands in `monitor`. Readers need no rights over the firewall and can do
 * nothing but read. Called by `up`, by `state` and `check`, and by the process that sends.
 */
export { readPublished } from './read.ts';
