/**
 * For whom an audit is, one file each: which checks are asked, what weighs more or less, and whose controls are counted.
 *
 * A profile is data and changes no check: a check finds the same in each. `audit` applies them; verbs and documentation name
 * them.
 */
import type { Check } from '../check.ts';
import { type Finding, type Severity, severities } from '../finding.ts';
import { referencesOf } from '../standards/index.ts';
import { cis } from './cis.ts';
import { containerHost } from './container-host.ts';
import { defaultProfile } from './default.ts';
import { pci } from './pci.ts';
import type { Profile } from './profile.ts';
import { router } from './router.ts';
import { stig } from './stig.ts';

export type { Profile } from './profile.ts';
export { defaultProfile };

export const profiles = { default: defaultProfile, cis, pci, stig, 'container-host': containerHost, router } as const;
export type ProfileName = keyof typeof profiles;

export function isAsked(profile: Profile, { id }: Pick<Check, 'id'>): boolean {
  if (Object.hasOwn(profile.leavesOut, id)) return false;
  return !profile.onlyStandards || referencesOf(id).some(({ standard }) => profile.standards.includes(standard));
}

/** The finding as it weighs in the profile: as many steps from the usual there as the check put it from its own. */
export function weighed(profile: Profile, check: Pick<Check, 'id' | 'severity'>, finding: Finding): Finding {
  const usual = Object.hasOwn(profile.severities, check.id) ? profile.severities[check.id] : undefined;
  if (usual === undefined) return finding;
  const steps = severities.indexOf(finding.severity) - severities.indexOf(check.severity);
  const rank = Math.min(Math.max(severities.indexOf(usual) + steps, 0), severities.length - 1);
  return { ...finding, severity: severities[rank] as Severity };
}
