import type { BansJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';

export function whole({ action, bans, listed, said }: BansJson, view: View): string {
  const lead = said.map((text) => paragraph(text, view)).join('');
  const others = listed ? paragraph(`Lists of others shut ${listed.toLocaleString('en')} networks out.`, view) : '';
  const byItself = {
    off: 'By itself nobody is shut out; write bans: { action: on } into the configuration for that.',
    say: 'By itself nobody is shut out: it is only said who would be.',
    on: '',
  }[action];
  const rest = others + (byItself === '' ? '' : paragraph(byItself, view));
  if (bans.length === 0) return `${lead}${paragraph('Nobody is shut out.', view)}${rest}`;
  const rows = bans.map(({ source, until, by, why, reach, dropped, isLive, lifted, inKernel }) => [
    source.replace(/\/32$/, ''),
    lifted !== null
      ? `let in by ${lifted.by}`
      : isLive && inKernel !== false
        ? timeOf(until)
        : isLive
          ? 'not in the kernel'
          : `was until ${timeOf(until)}`,
    reach === 'all' ? 'all packets' : 'connections',
    dropped === null ? '' : dropped.toLocaleString('en'),
    by.kind === 'incident' ? by.detector : by.name,
    why,
  ]);
  const columns = [
    { title: 'SHUT OUT' },
    { title: 'UNTIL' },
    { title: 'WHAT' },
    { title: 'DROPPED' },
    { title: 'BY' },
    { title: 'WHY', grows: true },
  ];
  return lead + table(columns, rows, view) + rest;
}

function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
