import type { Detector } from './detector.ts';

const note = '<!-- Written by npm run docs from the detectors of palisade. Do not edit. -->';

/** The manual of the detectors, made from the detectors: what each sees, counts, and from where on it speaks; in Markdown. */
export function manualOfDetectors(detectors: readonly Detector[]): string {
  const rows = detectors.map(({ id, title }) => `| [${id}](#${id}) | ${title} |`);
  return `${[
    note,
    '# What palisade detects',
    'An event is a packet that a rule logged, or a login that sshd let through or refused. Detectors see attacks in events; each of them says what it saw as an incident, with its first and last lines as evidence. An incident is over when nothing more of it has come for the time that its detector waits, or when it is known to be over.',
    'What only somebody with rights over this machine could have written is trusted: the kernel’s own lines, and sshd’s by the fields of the journal. Of log files and standard input this cannot be told: what they say is an incident too, and nobody is shut out for it unless `watch.trust-files` is set. Packets can bear forged sources; what was seen of packets alone is called spoofable, and shuts out for a short time only.',
    'Above 200 new sources a second nothing is kept of new ones, since they are most likely forged: floods then name how many there are, and nobody.',
    ['| detector | is called |', '| --- | --- |', ...rows].join('\n'),
    ...detectors.flatMap(({ id, description, remedy, quietMs, group }) => [
      `## ${id}`,
      description,
      `What to do: ${remedy}`,
      `Over after ${minutesInWords(quietMs)} without more of it.${group === undefined ? '' : ` Goes into one incident with others of its kind (${group}) by the same source.`}`,
    ]),
  ].join('\n\n')}\n`;
}

function minutesInWords(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return minutes === 60 ? 'an hour' : `${minutes} minutes`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`;
}
