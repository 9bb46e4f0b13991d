import type { Alert, Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';

/** A line with its label. */
export interface Line {
  readonly label: string;
  readonly text: string;
}

const severityWords: Readonly<Record<Message['severity'], string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};

export function severityWord(severity: Message['severity']): string {
  return severityWords[severity];
}

export function stateWord(state: Alert['state']): string {
  return { firing: 'Firing', acknowledged: 'Acknowledged', resolved: 'Resolved' }[state];
}

/** Sources and targets that are named. */
const mostNamed = 20;
const mostEvidence = 20;
const mostPoints = 2000;

/** One line for a subject: which host, what has become of it, and what it is. No longer than that many code points. */
export function headline(message: Message, points: number): string {
  const host = fitted(visibleLine(message.host), { points: 64 });
  return fitted(`[${host}] ${standing(message)}: ${visibleLine(message.title)}`, { points });
}

/** What the message is about, in a word or two. */
function standing({ kind, state, severity }: Message): string {
  if (kind === 'test') return 'Test';
  if (kind === 'digest') return 'Digest';
  if (state === 'firing') return severityWord(severity);
  return stateWord(state);
}

/** Epoch milliseconds as a moment for people, the same wherever they are. */
export function momentOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'unknown' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** What there is to say of an alert beside its title, most important first. Evidence is apart, since it is shown as it was logged. */
export function factsOf(alert: Alert): Facts {
  const known = made.get(alert);
  if (known !== undefined) return known;
  const facts = factsFrom(alert);
  made.set(alert, facts);
  return facts;
}

interface Facts {
  readonly lines: readonly Line[];
  readonly evidence: readonly string[];
}

/** Several channels say the same alert, and some of them more than once. */
const made = new WeakMap<Alert, Facts>();

function factsFrom(alert: Alert): Facts {
  const state = alert.acknowledgedBy === null ? stateWord(alert.state) : `${stateWord(alert.state)} (by ${alert.acknowledgedBy})`;
  const lines = [
    { label: 'State', text: `${state}, ${severityWord(alert.severity).toLowerCase()}` },
    { label: 'Where', text: named(alert.targets, alert.targets.length) },
    { label: 'From', text: named(alert.sources, alert.sourceCount) },
    { label: 'Since', text: momentOf(alert.since) },
    alert.resolvedAt === null
      ? { label: 'Last', text: momentOf(alert.last) }
      : { label: 'Over', text: momentOf(alert.resolvedAt) },
    { label: 'Events', text: String(alert.events) },
    { label: 'Why', text: alert.why },
    { label: 'What to do', text: alert.remedy },
    { label: 'Detector', text: alert.detector },
    { label: 'Incident', text: alert.key },
  ];
  return {
    lines: lines
      .filter(({ text }) => text !== '')
      .map(({ label, text }) => ({ label, text: fitted(visibleLine(text), { points: mostPoints }) })),
    evidence: alert.evidence.slice(0, mostEvidence).map((line) => fitted(visibleLine(line), { points: mostPoints })),
  };
}

/** What is said of alerts that are counted and not listed; empty when there are none. */
export function leftOut(count: number): string {
  if (count <= 0) return '';
  return count === 1 ? 'One more is not listed here.' : `${count} more are not listed here.`;
}

function named(names: readonly string[], count: number): string {
  const shown = names.slice(0, mostNamed);
  const more = Math.max(count, names.length) - shown.length;
  if (more <= 0) return shown.join(', ');
  return shown.length === 0 ? `${more}` : `${shown.join(', ')} and ${more} more`;
}
