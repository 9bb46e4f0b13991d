/**
 * One machine at one moment: its rulesets, sets and facts, each known or unknown with why and what to do about it.
 *
 * Raw texts of tools (`hostFromTexts`) and files (`hostFromFiles`) become a Host here, by the same parsers. It asks
 * nothing of any machine: `kernel` brings the texts, verbs read the files. `analysis` and `audit` read hosts.
 */
export * from './backends.ts';
export type { OpenSocket, TrackedConnection } from './connection.ts';
export * from './facts.ts';
export * from './facts-json.ts';
export * from './files.ts';
export type { Flowtable } from './flowtable.ts';
export * from './host.ts';
export { fileAt, filesIn, type HostFile, type HostFiles } from './host-file.ts';
export * from './ipset.ts';
export * from './ipset-save.ts';
export * from './known.ts';
export * from './live.ts';
export type { KernelModules } from './module.ts';
export type { NativeRule } from './native.ts';
export * from './packages/index.ts';
export type { PacketReader } from './packet-reader.ts';
export { netAdmin, type Process } from './process.ts';
export type { RoutingRule } from './routing-rule.ts';
export { isLoginServer, parseEstablished, type Session } from './session.ts';
export {
  type BridgeFilter,
  type Conntrack,
  type ConntrackLosses,
  type Helpers,
  type LogBackends,
  parseLosses,
} from './settings.ts';
export type { NetworkNamespace, RunningKernel } from './software.ts';
export { savedSetting, savedSettings } from './sysctl-files.ts';
export * from './texts.ts';
export type { TrafficFilter, TrafficFilters } from './traffic.ts';
export type { Unit } from './unit.ts';
export type { Xfrm } from './xfrm.ts';
