/**
 * The state of a host, as monitoring systems see it: one shape, from which every output takes the same numbers.
 *
 * It is plain JSON. Whoever watches a host publishes it on a Unix socket; plugins, agents and exporters read it there without rights over the
 * firewall. Nothing here reads a host or judges a number.
 */
export { type HostState, hostState, type StateRead } from './host-state.ts';
