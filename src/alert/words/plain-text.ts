import type { Message } from '../message.ts';
import { visibleLine } from '../text/index.ts';
import { factsOf, leftOut, momentOf } from './said.ts';

/**
 * The message as plain text: of one alert all that there is to say, of several (a digest) first a line each, then all. Lines of others are
 * indented and on one line each, so that none of them looks like one of ours.
 */
export function plainText(message: Message): string {
  const parts = [`${visibleLine(message.title)}\n${visibleLine(message.host)}, ${momentOf(message.at)}`];
  if (message.alerts.length > 1) {
    const list = message.alerts.map(
      (alert) => `- ${alert.severity}, ${alert.state}: ${visibleLine(alert.title)} (${alert.events} events)`,
    );
    parts.push(list.join('\n'));
  }
  for (const alert of message.alerts) {
    const { lines, evidence } = factsOf(alert);
    const said = [visibleLine(alert.title), ...lines.map(({ label, text }) => `  ${`${label}:`.padEnd(12)}${text}`)];
    if (evidence.length > 0) said.push('  Evidence:', ...evidence.map((line) => `    | ${line}`));
    parts.push(said.join('\n'));
  }
  const more = leftOut(message.more);
  if (more !== '') parts.push(more);
  return `${parts.join('\n\n')}\n`;
}
