import type { Host } from '../model/host/index.ts';
import { checks as written } from './checks/index.ts';
import type { Profile } from './profiles/index.ts';
import { type Control, checksFor, controlsIn, referencesOf, type StandardKey } from './standards/index.ts';

/** What became of one check. `accepted`: the fault is still there, and somebody answers for it. */
export type CheckOutcome = 'fail' | 'accepted' | 'possible' | 'unknown' | 'info' | 'pass';

/** One control of a standard, and what the checks that answer to it say together. */
export interface ControlRow {
  readonly standard: StandardKey;
  readonly control: string;
  readonly title: string | null;
  readonly outcome: 'pass' | 'fail' | 'manual' | 'unknown' | 'not applicable';
  /** In a clause, what it was decided by. */
  readonly why: string;
  readonly checks: readonly string[];
  /** The number was not looked up. */
  readonly recalled: boolean;
}

/** What a check that was asked says of one family, or of all that it looks at. */
export type OutcomeOf = (family: 4 | 6 | null) => CheckOutcome;

/** Every control of the profile's standards. `outcomes` holds the checks that were asked. */
export function controlsOf(profile: Profile, outcomes: ReadonlyMap<string, OutcomeOf>, host: Host): readonly ControlRow[] {
  return profile.standards.flatMap((standard) => controlsIn(standard).map((control) => judge(standard, control, outcomes, host)));
}

function judge(
  standard: StandardKey,
  { control, title, manual, only, family }: Control,
  outcomes: ReadonlyMap<string, OutcomeOf>,
  host: Host,
): ControlRow {
  const checks = checksFor(standard, control);
  const recalled = checks.some((id) =>
    referencesOf(id).some((one) => one.standard === standard && one.control === control && one.recalled === true),
  );
  const row = (outcome: ControlRow['outcome'], why: string): ControlRow => ({
    standard,
    control,
    // Where the standard's own words are not ours to give, the checks say what they verify.
    title: title ?? titleOf(checks),
    outcome,
    why,
    checks,
    recalled,
  });
  if (only !== null) {
    const used = uses(host, only);
    if (used === null) return row('unknown', `whether ${only} is in use was not read`);
    if (!used) return row('not applicable', `the firewall of this host is not made with ${only}`);
  }
  const asked = checks.filter((id) => outcomes.has(id));
  const those = (outcome: CheckOutcome): readonly string[] => asked.filter((id) => outcomes.get(id)?.(family) === outcome);
  const failed = those('fail');
  if (failed.length > 0) return row('fail', `${failed.join(', ')} found something`);
  const accepted = those('accepted');
  if (accepted.length > 0) return row('fail', `${accepted.join(', ')} found something that was accepted`);
  const open = [...those('unknown'), ...those('possible')];
  if (open.length > 0) return row('unknown', `${open.join(', ')} could not be decided`);
  const unwritten = checks.filter((id) => !outcomes.has(id));
  if (asked.length === 0) {
    return row('manual', checks.length === 0 ? 'nothing that packets or rules show' : `not asked: ${checks.join(', ')}`);
  }
  if (unwritten.length > 0) return row('manual', `${asked.join(', ')} found nothing; not asked: ${unwritten.join(', ')}`);
  const noted = those('info');
  if (noted.length > 0) return row('manual', `${noted.join(', ')} has something to look at`);
  if (manual) return row('manual', `${asked.join(', ')} found nothing; the standard wants a person to look`);
  return row('pass', `${asked.join(', ')} found nothing`);
}

/** Whether the host's firewall is made with the tool; `null` where that was not read. */
function uses(host: Host, tool: 'ufw' | 'nftables'): boolean | null {
  if (tool === 'nftables') return host.foreignChains.known ? host.foreignChains.value.length > 0 : null;
  const rulesets = [host.rulesets[4], host.rulesets[6]];
  const chains = rulesets.flatMap((fact) => (fact.known ? fact.value.tables.flatMap((table) => [...table.chains.keys()]) : []));
  if (chains.some((name) => /^ufw6?-/.test(name))) return true;
  return rulesets.every((fact) => fact.known) ? false : null;
}

/** What the checks that were written verify, in one text. */
function titleOf(ids: readonly string[]): string | null {
  const titles = written.filter(({ id }) => ids.includes(id)).map(({ title }) => title);
  return titles.length === 0 ? null : titles.join('; ');
}
