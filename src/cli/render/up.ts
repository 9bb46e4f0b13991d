import type { BanJson, UpPart } from '../../verbs/index.ts';
import { part as driftText } from './drift.ts';
import { findingsTable, nextList, unknownList } from './findings.ts';
import { oneLine } from './safe.ts';
import { factsLine, verdictWords } from './status.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { leftTime } from './watch/cells.ts';
import { heading, severityStyles } from './words.ts';

type Packet = Extract<UpPart, { kind: 'event' }>['event'];

/** What happens while palisade watches, in the order in which it happens. */
export function part(news: UpPart, view: View): string {
  switch (news.kind) {
    case 'notice':
      return paragraph(news.text, view);
    case 'audited':
      return news.changed ? changedText(news, view) : firstText(news, view);
    case 'serving':
      return `${heading('Dashboard', view)}  ${view.paint('cyan', news.url)}\n  From another machine, first: ${news.tunnel}\n`;
    case 'watching':
      return `\n${paragraph(
        news.sources.length === 0
          ? 'Ctrl-C ends it.'
          : `Watching the packets that the kernel logs (${news.sources.map(oneLine).join(', ')}). Ctrl-C ends it.`,
        view,
      )}`;
    case 'incident':
      return happening(news.last, incidentWords(news, view), view);
    case 'ban':
      return happening(news.at, banWords(news, view), view);
    case 'more':
      return `${view.paint('dim', clockTime(news.at))}  and ${news.count} more in this second\n`;
    case 'event':
      return `${view.paint('dim', clockTime(news.event.at))}  ${eventWords(news.event)}\n`;
    case 'lost':
      return `${view.paint('dim', clockTime(news.at))}  ${view.paint('yellow', `${news.count} ${news.count === 1 ? news.of.slice(0, -1) : news.of} lost`)} before they could be read (${oneLine(news.source)})\n`;
    case 'drift':
      return news.drift.kind === 'watching' ? '' : driftText(news.drift, view);
    case 'ended':
      return '\nEnded. Nothing was changed.\n';
  }
}

function happening(at: number, text: string, view: View): string {
  return `${view.paint('dim', clockTime(at))}  ${text}\n`;
}

type Incident = Extract<UpPart, { kind: 'incident' }>;

/** `high: 203.0.113.9 scanned 412 ports of 198.51.100.1 (412 events)`. */
export function incidentWords({ severity, title, events, change }: Incident, view: View): string {
  const count = `${events} ${events === 1 ? 'event' : 'events'}`;
  const became = { opened: '', grew: ', goes on', closed: ', over' }[change];
  return `${view.paint(severityStyles[severity], severity)}: ${oneLine(title)} (${count}${became})`;
}

/** `203.0.113.9/32 is shut out for 10m 00s: scanned 412 ports`. */
export function banWords(ban: BanJson & { readonly acted?: boolean }, view: View): string {
  const does = ban.acted === false ? 'would be shut out' : 'is shut out';
  return `${view.paint('bold', ban.source)} ${does} for ${leftTime(ban.until - ban.at)}: ${oneLine(ban.why)}`;
}

function firstText({ status }: Extract<UpPart, { kind: 'audited' }>, view: View): string {
  return (
    `${paragraph(`${verdictWords(status, view)} Nothing was changed.`, view)}${factsLine(status, view)}\n` +
    findingsTable(status.findings, view) +
    unknownList(status.unknown, view) +
    nextList(status.next, view)
  );
}

function changedText({ at, status }: Extract<UpPart, { kind: 'audited' }>, view: View): string {
  return paragraph(
    `The firewall changed. ${verdictWords(status, view)} palisade audit says more.`,
    view,
    0,
    `${clockTime(at)}  `,
  );
}

/** `IPTables-Dropped: tcp 203.0.113.9:40000 → 198.51.100.1:22 SYN, in eth0`. */
export function eventWords(packet: Packet): string {
  const { prefix, proto, src, dst, sport, dport, flags, icmpType } = packet;
  const details = [
    flags === null ? '' : flags.join(',') || 'no flags',
    icmpType === null ? '' : `type ${icmpType}`,
    packet.in === null ? '' : `in ${packet.in}`,
    packet.out === null ? '' : `out ${packet.out}`,
    packet.length === null ? '' : `${packet.length} bytes`,
  ].filter((detail) => detail !== '');
  const lead = prefix === '' ? '' : `${oneLine(prefix)} `;
  return `${lead}${proto ?? 'packet'} ${end(src, sport)} → ${end(dst, dport)}  ${details.join(', ')}`;
}

function end(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Hours, minutes and seconds where the reader is. */
function clockTime(atSeconds: number): string {
  return new Date(atSeconds * 1000).toLocaleTimeString('en-GB', { hour12: false });
}
