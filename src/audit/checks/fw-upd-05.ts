import type { Answer, Check, Subject } from '../check.ts';
import { filter, oneLink } from '../examples.ts';
import { releasesAsOf, supportOf } from '../releases.ts';
import { software } from '../updated.ts';

const debian = (version: number) => ({
  ...oneLink,
  software: { ...software, 'os-release': `ID=debian\nVERSION_ID="${version}"\nPRETTY_NAME="Debian ${version}"\n` },
});

/** The end of support of the distribution's release, by a dated list. */
export const fwUpd05: Check = {
  id: 'FW-UPD-05',
  title: 'the distribution still gets security updates',
  severity: 'medium',
  kinds: ['H'],
  refs: [],
  why: 'A release at its end of life has no pending updates because nobody makes any.',
  fix: 'Upgrade to a release that is supported.',
  run,
  examples: [
    { title: 'long before its end', facts: debian(13), finds: [] },
    // 2026-11-30 is day 20,787.
    { title: 'kept by the long-term team alone', facts: debian(12), afterDays: 20_787, finds: ['low null'] },
    { title: 'after all support', facts: debian(11), afterDays: 20_787, finds: ['medium null'] },
    { title: 'a release that the list does not have', facts: debian(99), finds: [], unknown: 1 },
    { title: 'nothing is known of it', v4: filter([]), facts: { links: oneLink.links }, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  const { release, readAt } = host;
  const { id, refs } = fwUpd05;
  if (!release.known) return { findings: [], unknown: [{ id, why: release.why, remedy: release.remedy }] };
  const support = supportOf(release.value);
  const { name } = release.value;
  if (support === undefined) {
    const why = `palisade's list of ${releasesAsOf} does not say how long ${name} is supported`;
    return { findings: [], unknown: [{ id, why, remedy: 'ask its makers' }] };
  }
  // The day itself is still supported.
  const ended = (day: string): boolean => readAt >= Date.parse(day) + 86_400_000;
  if (!ended(support.until)) return { findings: [], unknown: [] };
  const { longUntil } = support;
  const kept = longUntil !== undefined && !ended(longUntil);
  return {
    findings: [
      {
        id,
        severity: kept ? 'low' : 'medium',
        certainty: 'certain',
        title: kept ? `${name} is kept by its long-term support alone` : `${name} gets no more security updates`,
        why: kept
          ? `Its security team stopped on ${support.until}; volunteers go on until ${longUntil}, not for every package.`
          : `Its support ended on ${longUntil ?? support.until}: holes that are found since are not mended.`,
        family: null,
        at: [],
        causedBy: [],
        witness: null,
        fix: 'Plan the upgrade to the next release; rules and sets can be carried over as they are.',
        refs,
      },
    ],
    unknown: [],
  };
}
