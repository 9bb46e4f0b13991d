import type { Answer, Check, Subject } from '../check.ts';
import { filter, oneLink } from '../examples.ts';
import { listsAgeDays, refreshCommand, stale } from '../staleness.ts';

/** From here on it is no longer a matter of a missed run. */
const weekDays = 7;

/** When the package lists were fetched last. Two days are granted, since apt's own timer may leave more than one between its runs. */
export const fwUpd02: Check = {
  id: 'FW-UPD-02',
  title: 'the package lists are at most two days old',
  severity: 'medium',
  kinds: ['H'],
  refs: [],
  why: 'What the lists do not name cannot be seen to be pending: with old lists every host looks up to date.',
  fix: 'Fetch the lists daily.',
  run,
  examples: [
    { title: 'of today', facts: oneLink, finds: [] },
    { title: 'of three days ago', facts: oneLink, afterDays: 3, finds: ['low null'] },
    { title: 'of last month', facts: oneLink, afterDays: 30, finds: ['medium null'] },
    { title: 'there are none', v4: filter([]), facts: { links: oneLink.links }, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  const days = listsAgeDays(host);
  const old = stale(subject);
  if (old === null) return { findings: [], unknown: [] };
  if (days === null) return { findings: [], unknown: [{ id: fwUpd02.id, ...old }] };
  return {
    findings: [
      {
        id: fwUpd02.id,
        severity: days < weekDays ? 'low' : 'medium',
        certainty: 'certain',
        title: `The package lists are ${days} days old`,
        why: `${capital(old.why)}. Updates that came since are not seen.`,
        family: null,
        at: [],
        causedBy: [],
        witness: null,
        fix: `Fetch them, and see why that is not done daily.\n${refreshCommand(host)}`,
        refs: fwUpd02.refs,
      },
    ],
    unknown: [],
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
