/**
 * Notices that a firewall changed, at once and at little cost: rules of nf_tables as the kernel tells of them, tables of
 * iptables-legacy and ipsets by asking the kernel again and again, without child processes; and who did it, where the host can tell.
 *
 * It says where to look, not what is different: it understands no rule. It changes nothing: it makes no table, loads no module.
 * `Kernel.changes` hands it out; whoever watches for drift follows it.
 */
export * from './change.ts';
export { type Changes, type ChangesOptions, followChanges } from './changes.ts';
