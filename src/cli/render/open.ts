import type { OpenJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';

export function whole({ open, closed }: OpenJson, view: View): string {
  const ended = closed === 0 ? '' : paragraph(`Closed: ${closed === 1 ? 'one opening' : `${closed} openings`}.`, view);
  if (open.length === 0) return `${ended}${paragraph('Nothing is open beside the policy.', view)}`;
  const rows = open.map(({ family, service, from, until }) => [
    service,
    from,
    `IPv${family}`,
    `${new Date(until * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ]);
  return ended + table([{ title: 'OPEN' }, { title: 'FROM', grows: true }, { title: 'FAMILY' }, { title: 'UNTIL' }], rows, view);
}
