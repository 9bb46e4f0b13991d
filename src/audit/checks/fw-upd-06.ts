import type { Answer, Check, Subject } from '../check.ts';
import { filter, oneLink } from '../examples.ts';
import { software } from '../updated.ts';

/** Whether something installs security updates by itself: unattended-upgrades, dnf-automatic and their like. */
export const fwUpd06: Check = {
  id: 'FW-UPD-06',
  title: 'security updates are installed by themselves',
  severity: 'low',
  kinds: ['H'],
  refs: ['ANSSI BP-028 R61'],
  why: 'Between a fix and its use by attackers lie days; people are on leave for longer.',
  fix: 'Let the distribution install its security updates daily.',
  run,
  examples: [
    { title: 'unattended-upgrades', facts: oneLink, finds: [] },
    {
      title: 'it is switched off',
      facts: { ...oneLink, software: { ...software, 'apt-periodic': 'APT::Periodic::Unattended-Upgrade "0";\n' } },
      finds: ['low null'],
    },
    { title: 'nothing is known of it', v4: filter([]), facts: { links: oneLink.links }, finds: [], unknown: 1 },
  ],
};

function run({ host: { automaticUpdates, packages } }: Subject): Answer {
  const { id, refs } = fwUpd06;
  if (!automaticUpdates.known) {
    return { findings: [], unknown: [{ id, why: automaticUpdates.why, remedy: automaticUpdates.remedy }] };
  }
  const { enabled, why } = automaticUpdates.value;
  if (enabled) return { findings: [], unknown: [] };
  const debian = packages.known && packages.value.format === 'deb';
  return {
    findings: [
      {
        id,
        severity: 'low',
        certainty: 'certain',
        title: 'Security updates are not installed by themselves',
        why: `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
        family: null,
        at: [],
        causedBy: [],
        witness: null,
        fix: debian
          ? 'Install unattended-upgrades and let it run daily.\napt-get install unattended-upgrades\ndpkg-reconfigure -plow unattended-upgrades'
          : 'Install dnf-automatic and let it apply updates.\ndnf install dnf-automatic\nsystemctl enable --now dnf-automatic-install.timer',
        refs,
      },
    ],
    unknown: [],
  };
}
