import type { UpdatesJson } from '../../verbs/index.ts';
import { unknownList } from './findings.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { heading, paintWords, severityStyles } from './words.ts';

export function whole(report: UpdatesJson, view: View): string {
  const { host, system, kernel, updates, applied } = report;
  const title = `${paintWords('bold', `${host}: ${pendingWords(report)}.`, view)}`;
  const where = [system, kernel === null ? null : `kernel ${kernel}`].filter((part) => part !== null).join(', ');
  return [
    paragraph(title, view),
    where === '' ? '' : paragraph(`${where}; ${listsWords(report)}.`, view),
    applied === null ? '' : appliedText(applied, view),
    updates.length === 0 ? '' : `\n${updatesTable(report, view)}`,
    vulnerabilitiesText(report, view),
    standingText(report, view),
    unknownList(report.unknown, view),
  ].join('');
}

function pendingWords({ updates, restart, vulnerabilities, unknown, applied }: UpdatesJson): string {
  const security = updates.filter(({ security: is }) => is === true).length;
  const others = updates.length - security;
  const parts = [
    (applied?.failed ?? null) === null ? '' : 'the updates broke off',
    applied?.rules === 'changed' ? 'the updates changed the live rules' : '',
    security === 0 ? '' : `${security} security ${security === 1 ? 'update waits' : 'updates wait'}`,
    others === 0 ? '' : `${others} ${security === 0 ? '' : 'other '}${others === 1 ? 'update waits' : 'updates wait'}`,
    restart.pending === true ? 'a restart is pending' : '',
    vulnerabilities.found.length === 0
      ? ''
      : `${vulnerabilities.found.length} known ${vulnerabilities.found.length === 1 ? 'vulnerability' : 'vulnerabilities'}`,
  ].filter((part) => part !== '');
  if (parts.length > 0) return parts.join(', ');
  return unknown.length > 0 ? 'nothing was found to be pending, and not everything could be told' : 'nothing is pending';
}

function listsWords({ lists: { days, stale } }: UpdatesJson): string {
  if (days === null) return 'the age of the package lists is not known';
  const age = days === 0 ? 'of today' : days === 1 ? 'of yesterday' : `${days} days old`;
  return `the package lists are ${age}${stale ? ', too old to say that there is nothing else' : ''}`;
}

function updatesTable({ updates, advisories }: UpdatesJson, view: View): string {
  const rows = table(
    [{ title: 'PACKAGE' }, { title: 'INSTALLED' }, { title: 'AVAILABLE' }, { title: 'FOR' }],
    updates.map(({ name, installed, candidate, security }) => [
      name,
      installed,
      candidate,
      security === true
        ? { text: 'security', style: severityStyles.high }
        : security === null
          ? { text: 'not told', style: 'dim' }
          : { text: 'other', style: 'dim' },
    ]),
    view,
  );
  const waiting = advisories.length === 0 ? '' : paragraph(`Security advisories that wait: ${advisories.join(', ')}.`, view);
  const apply = updates.some(({ applies }) => applies)
    ? paragraph('palisade updates --apply --yes installs those of iptables and the kernel (apt).', view)
    : '';
  return rows + waiting + apply;
}

function vulnerabilitiesText({ vulnerabilities: { asOf, days, found, mitigatedBy } }: UpdatesJson, view: View): string {
  const age = `list of ${asOf}${days > 0 ? `, ${days} days old` : ''}`;
  if (found.length === 0) return '';
  const rows = table(
    [{ title: 'SEVERITY' }, { title: 'ID' }, { title: 'WHAT', grows: true }, { title: 'MENDED IN' }],
    found.map(({ id, says, severity, exploited, certainty, mitigated, fixedIn }) => [
      { text: severity, style: mitigated ? 'dim' : severityStyles[severity] },
      id,
      [says, exploited ? 'known to be exploited' : '', certainty === 'possible' ? 'possible' : '', mitigated ? 'mitigated' : '']
        .filter((part) => part !== '')
        .join('; '),
      fixedIn ?? '',
    ]),
    view,
  );
  const who =
    mitigatedBy === null
      ? 'Any user who may make user namespaces can reach those of the kernel.'
      : `Mitigated: only root can reach those of the kernel, since ${mitigatedBy}.`;
  return `${heading(`Known vulnerabilities of netfilter here (${age})`, view)}${rows}${paragraph(who, view)}`;
}

/** How the machine keeps itself up to date. */
function standingText({ restart, automatic, support, vulnerabilities }: UpdatesJson, view: View): string {
  const lines = [
    restart.pending === null ? '' : `Restart: ${restart.pending ? 'pending; ' : ''}${restart.why}.`,
    automatic.enabled === null ? '' : `By themselves: ${automatic.enabled ? 'yes' : 'no'}, ${automatic.why}.`,
    support === null
      ? ''
      : `Support: until ${support.until}${support.longUntil === null ? '' : `, by the long-term team until ${support.longUntil}`}.`,
    vulnerabilities.found.length > 0
      ? ''
      : `Vulnerabilities: compared with a list of ${vulnerabilities.asOf}${vulnerabilities.days > 0 ? `, ${vulnerabilities.days} days old` : ''}.`,
  ].filter((line) => line !== '');
  return `\n${lines.map((line) => paragraph(line, view)).join('')}`;
}

/** So many lines of what changed are shown; the snapshots have all. */
const most = 20;

function appliedText(applied: NonNullable<UpdatesJson['applied']>, view: View): string {
  const { installed, failed, rules, changed, packets, snapshots } = applied;
  const said = installed.map(({ name, from, to }) => `${name} ${from === null ? to : `${from} → ${to}`}`);
  const verdict = {
    same: paintWords('green', 'The live rules, sets and chains are as they were.', view),
    changed: paintWords(['bold', 'red'], 'The updates changed the live rules, and nothing was put back.', view),
    unknown: paintWords(['bold', 'yellow'], 'The live rules could not be read again: whether they changed is not known.', view),
  }[rules];
  const treated = {
    same: ' No packet is treated differently.',
    different: ' Some packets are treated differently.',
    unknown: ' Whether packets are treated differently could not be told.',
  };
  const lines = changed.flatMap(({ what, gone, come }) => [
    `${what}:`,
    ...[...gone.map((line) => `  - ${line}`), ...come.map((line) => `  + ${line}`)].slice(0, most),
    ...(gone.length + come.length > most ? [`  and ${gone.length + come.length - most} more`] : []),
  ]);
  return [
    heading('Installed', view),
    paragraph(said.length === 0 ? 'Nothing.' : `${said.join(', ')}.`, view),
    failed === null ? '' : paragraph(`apt-get did not come to its end: ${failed}`, view),
    paragraph(`${verdict}${packets === null ? '' : treated[packets]}`, view),
    ...lines.map((line) => `${line}\n`),
    paragraph(`Before: ${snapshots.before}${snapshots.after === null ? '' : `; after: ${snapshots.after}`}.`, view),
  ].join('');
}
