/**
 * What monitoring plugins can be asked for: one file a mode, each one plain object.
 *
 * A mode judges a {@link HostState} and says what it measured; `judge` holds it against ranges, and `output` prints it by the plugins' grammar. It
 * reads nothing, and knows of no monitoring system. `verbs/check` and the reporters call it.
 */
import { alerts } from './alerts.ts';
import { all } from './all.ts';
import { audit } from './audit.ts';
import { backend } from './backend.ts';
import { backupAge } from './backup-age.ts';
import { conntrack } from './conntrack.ts';
import { drift } from './drift.ts';
import { exposure } from './exposure.ts';
import { heartbeat } from './heartbeat.ts';
import { incidents } from './incidents.ts';
import { ipset } from './ipset.ts';
import { logRate } from './log-rate.ts';
import type { CheckMode } from './mode.ts';
import { persistence } from './persistence.ts';
import { policy } from './policy.ts';
import { ruleHits } from './rule-hits.ts';
import { updates } from './updates.ts';

export { type Asked, check, exits, type Judged, nothingAsked } from './judge.ts';
export {
  type CheckMode,
  type CheckOptions,
  type CheckResult,
  type CheckStatus,
  type Measure,
  noOptions,
  stemsOf,
} from './mode.ts';
export { type PluginText, plainLine, printed } from './output.ts';
export { type Range, readRange } from './range.ts';

/** In the order of the help. */
export const checkModes: readonly CheckMode[] = [
  all,
  audit,
  drift,
  policy,
  incidents,
  exposure,
  ruleHits,
  conntrack,
  ipset,
  logRate,
  backupAge,
  persistence,
  backend,
  updates,
  alerts,
  heartbeat,
];
