import { resolve } from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import { announcedNow } from '../../change/index.ts';
import type { HostState, StateRead } from '../../monitor/index.ts';
import { auditAside } from '../auditing.ts';
import { baselineNow } from '../drifting/baseline.ts';
import { lookForDrift } from '../drifting/looking.ts';
import { momentNow } from '../drifting/moment.ts';
import { readHost } from '../reading.ts';
import type { Context } from '../verb.ts';
import { createDriftTeller } from './drift.ts';
import { createBackupTeller, createPersistenceTeller } from './kept.ts';
import { auditState, backendsOf, conntrackState, createRulesetTeller, exposureState, updatesState } from './of-host.ts';
import { chainsOf } from './rules.ts';
import { setSizes } from './set-sizes.ts';

/** What of a state is worth the time that it takes. */
export interface Wanted {
  /** What the package manager knows, which may take seconds. */
  readonly software: boolean;
  readonly audit: boolean;
  readonly drift: boolean;
  readonly persistence: boolean;
}

/** Nobody watches, so that nothing is known of what only time tells. */
const unwatched = {
  known: false,
  why: 'nobody watches this host, which was only looked at',
  remedy: 'start palisade up (systemctl start palisade)',
} as const;
const unasked = { known: false, why: 'it was not asked for', remedy: 'ask for it' } as const;

/** The state of this host as a look at it tells, where nobody publishes one. @param step says what is being done */
export async function stateOnce(context: Context, wanted: Wanted, step: (doing: string) => void): Promise<StateRead> {
  const { clock, kernel, stateFolder, signal } = context;
  const began = clock.now();
  step('reading the firewall');
  const read = await readHost(context, { ruleset: [] }, { software: wanted.software });
  if (!read.ok) {
    const [problem] = read.problems;
    return { ok: false, problem: problem ?? { code: 'unread', message: 'this host cannot be read', hint: 'see palisade show' } };
  }
  const host = read.value;
  const readMs = clock.now() - began;
  step('auditing');
  const audited = wanted.audit ? await auditAside(kernel.run, host, signal) : null;
  const auditMs = clock.now() - began - readMs;
  step('reading sets');
  const sets = await setSizes(kernel.run, host, signal);
  if (wanted.persistence) step('reading what the machine starts with');
  const persistence = wanted.persistence ? await createPersistenceTeller(context)(host) : unasked;
  if (wanted.drift) step('comparing it with what was accepted');
  const drift = wanted.drift ? await driftOf(context) : unasked;
  const at = host.readAt / 1000;
  return {
    ok: true,
    state: {
      ...{ form: 1, host: host.name, at, until: at + 600 },
      palisade: { version: manifest.version, pid: process.pid, since: began / 1000 },
      audit: audited === null ? unasked : auditState(host, audited, clock.now()),
      backends: backendsOf(host),
      rulesets: createRulesetTeller()(host),
      chains: chainsOf(host),
      rules: unwatched,
      ...{ drift, persistence, sets },
      conntrack: conntrackState(host),
      ...{ log: unwatched, incidents: unwatched, bans: unwatched, alerts: unwatched },
      backup: createBackupTeller(stateFolder)(clock.now()),
      updates: audited === null ? unasked : updatesState(host, audited),
      exposure: audited === null ? unasked : exposureState(audited),
      spent: { readMs, auditMs },
    },
  };
}

async function driftOf(context: Context): Promise<HostState['drift']> {
  const baseline = baselineNow(context);
  if (!baseline.ok) {
    const [problem] = baseline.problems;
    return { known: false, why: problem?.message ?? 'it cannot be read', remedy: problem?.hint ?? 'see palisade drift' };
  }
  if (baseline.value === null) {
    return {
      known: false,
      why: 'nobody has said yet how this firewall is to be',
      remedy: 'palisade confirm says so after palisade apply; palisade change commit takes what stands',
    };
  }
  const { moment } = await momentNow(context, baseline.value.moment.host);
  const { told } = await lookForDrift(context, baseline.value, moment);
  const teller = createDriftTeller(true);
  teller.take({ kind: 'looked', found: told });
  const announced = announcedNow(resolve(context.stateFolder), context.clock.now());
  return teller.state(announced === null ? null : announced.until / 1000);
}
