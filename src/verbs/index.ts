/**
 * What can be asked of palisade: one file a verb, each one plain object with its flags, its answer's shape and its run.
 *
 * Verbs read, ask the pure folders and return values; they draw nothing and open no socket. `cli` and `server` call them.
 */
import { adopt } from './adopt.ts';
import { alerts } from './alerts.ts';
import { apply } from './apply.ts';
import { audit } from './audit.ts';
import { backup } from './backup.ts';
import { ban } from './ban.ts';
import { bans } from './bans.ts';
import { bootRestore } from './boot-restore.ts';
import { change } from './change.ts';
import { check } from './check.ts';
import { close } from './close.ts';
import { confirm } from './confirm.ts';
import { connections } from './connections.ts';
import { diff } from './diff.ts';
import { drift } from './drift.ts';
import { events } from './events.ts';
import { explainBan } from './explain-ban.ts';
import { incidents } from './incidents.ts';
import { init } from './init.ts';
import { integrate } from './integrate.ts';
import { journal } from './journal.ts';
import { open } from './open.ts';
import { plan } from './plan.ts';
import { reach } from './reach.ts';
import { rollback } from './rollback.ts';
import { show } from './show.ts';
import { simulate } from './simulate.ts';
import { state } from './state.ts';
import { status } from './status.ts';
import { test } from './test.ts';
import { top } from './top.ts';
import { trace } from './trace.ts';
import { unban } from './unban.ts';
import { uninstall } from './uninstall.ts';
import { up } from './up.ts';
import { updates } from './updates.ts';
import type { Verb } from './verb.ts';
import { watch } from './watch.ts';

export type { AdoptJson } from './adopt-shape.ts';
export type { AlertsPartJson } from './alerts-shape.ts';
export type { AnnouncePartJson } from './announce-shape.ts';
export type { AuditAnswerJson } from './audit-shape.ts';
export type { BackupPartJson } from './backup-shape.ts';
export type { BanExplainedJson, BansJson } from './bans-shape.ts';
export type { BootRestoredJson } from './boot-shape.ts';
export type { ChangePartJson } from './change-shape.ts';
export type { CheckJson } from './check.ts';
export type { ConnectionsJson } from './connections-shape.ts';
export type { DiffJson, RegionJson } from './diff-shapes.ts';
export type { DriftPartJson } from './drift-shape.ts';
export type { EventPartJson } from './events-shape.ts';
export type { BanJson, IncidentJson } from './incident-shape.ts';
export type { IncidentPartJson } from './incidents-shape.ts';
export type { InitJson } from './init.ts';
export type { IntegrateJson } from './integrate-shape.ts';
export type { JournalPartJson } from './journal-shape.ts';
export type { News } from './news.ts';
export type { OpenJson } from './open-shape.ts';
export type { PlanJson } from './plan-shape.ts';
export type { ReachJson } from './reach-shape.ts';
export type { ScriptPartJson } from './script-shape.ts';
export type { ScriptStepJson } from './script-step.ts';
export type { Serve, Served, ServeOptions } from './serve.ts';
export type { AuditJson, FindingJson, RulesetJson, StatusJson, TraceJson } from './shapes.ts';
export type { SimulatePartJson } from './simulate-shape.ts';
export type { TestJson } from './test.ts';
export type { TopJson } from './top-shape.ts';
export type { UpPart } from './up.ts';
export type { UpdatesJson } from './updates-shape.ts';
export * from './verb.ts';

/** In the order of the help. */
export const verbs: readonly Verb[] = [
  status,
  up,
  show,
  audit,
  trace,
  reach,
  connections,
  diff,
  updates,
  init,
  adopt,
  plan,
  test,
  apply,
  confirm,
  rollback,
  uninstall,
  open,
  close,
  simulate,
  ban,
  unban,
  bans,
  explainBan,
  backup,
  watch,
  events,
  top,
  incidents,
  alerts,
  drift,
  change,
  journal,
  bootRestore,
  check,
  state,
  integrate,
] as unknown as readonly Verb[];
