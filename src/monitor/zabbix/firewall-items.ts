import { from, type Item } from './item.ts';
import { plainText } from './text.ts';

/** So much of a list is told; the rest is counted. */
const mostLines = 20;

/** Lines that a person reads, hostile text made harmless; `none`, since an item without text has no value. */
export function lines(all: readonly string[]): string {
  if (all.length === 0) return 'none';
  const told = all.slice(0, mostLines).map((line) => plainText(line, 200));
  return [...told, ...(all.length > mostLines ? [`and ${all.length - mostLines} more`] : [])].join('\n');
}

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
const severityMarks = {
  critical: { priority: 'DISASTER', macro: '{$IPT.FINDINGS.CRITICAL.MAX}' },
  high: { priority: 'HIGH', macro: '{$IPT.FINDINGS.HIGH.MAX}' },
  medium: { priority: 'WARNING', macro: '{$IPT.FINDINGS.MEDIUM.MAX}' },
} as const;

const findings: readonly Item[] = severities.map((severity) => {
  const mark = severity === 'low' || severity === 'info' ? null : severityMarks[severity];
  return {
    field: `findings.${severity}`,
    name: `Findings, ${severity}`,
    says: `What an audit found wrong with the firewall, of severity ${severity}.`,
    component: 'audit',
    type: 'UNSIGNED',
    keeps: 'changes',
    of: from('audit', ({ counts }) => counts[severity]),
    ...(mark !== null && {
      triggers: [
        {
          id: `findings.${severity}`,
          name: `Iptables: Findings of severity ${severity}`,
          event: `Iptables: {ITEM.LASTVALUE1} findings of severity ${severity}`,
          opdata: '{ITEM.LASTVALUE1}',
          expression: `last(@findings.${severity})>${mark.macro}`,
          priority: mark.priority,
          scope: 'security',
          says: 'palisade audit lists them, each with how to mend it; the item “Findings, as text” has the worst.',
        },
      ],
    }),
  };
});

const families = [4, 6] as const;

/** What there is of the firewall itself. */
export const firewallItems: readonly Item[] = [
  {
    field: 'protected',
    name: 'Host is protected',
    says: 'Whether the firewall keeps out whom nobody let in, as the latest audit says.',
    ...{ component: 'audit', type: 'UNSIGNED', valueMap: 'no, yes or unknown', keeps: 'changes' },
    of: from('audit', (audit) => ({ no: 0, yes: 1, unknown: 2 })[audit.protected]),
  },
  {
    field: 'score',
    name: 'Score of the audit',
    says: '0 to 100; absent while too little is known.',
    ...{ component: 'audit', type: 'UNSIGNED', keeps: 'changes' },
    of: from('audit', ({ score }) => score),
  },
  {
    field: 'confidence',
    name: 'Checks that could be answered',
    says: 'Of all checks of the audit.',
    ...{ component: 'audit', type: 'UNSIGNED', units: '%', keeps: 'changes' },
    of: from('audit', ({ confidence }) => confidence),
  },
  ...findings,
  {
    field: 'findings.text',
    name: 'Findings, as text',
    says: 'The findings, the worst first, a line each.',
    ...{ component: 'audit', type: 'TEXT', keeps: 'changes' },
    of: from('audit', (audit) =>
      lines(
        audit.findings
          .toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
          .map(({ id, severity, title }) => `${severity} ${id}: ${title}`),
      ),
    ),
  },
  {
    field: 'audit.unknown',
    name: 'Checks without an answer',
    says: 'Checks of the audit that could not be answered.',
    ...{ component: 'audit', type: 'UNSIGNED', keeps: 'changes' },
    of: from('audit', ({ unknown }) => unknown.length),
  },
  ...families.flatMap((family): readonly Item[] => [
    {
      field: `ruleset.rules.${family}`,
      name: `Rules of IPv${family}`,
      says: `How many rules IPv${family} has, in all tables.`,
      ...{ component: 'ruleset', type: 'UNSIGNED', keeps: 'changes' },
      of: from('rulesets', (all) => all.find((one) => one.family === family)?.rules ?? null),
    },
    {
      field: `ruleset.sha256.${family}`,
      name: `Digest of IPv${family}’s rules`,
      says: 'SHA-256 of the rules without their counters.',
      ...{ component: 'ruleset', type: 'CHAR', keeps: 'changes' },
      of: from('rulesets', (all) => all.find((one) => one.family === family)?.sha256 ?? null),
      triggers: [
        {
          id: `ruleset.changed.${family}`,
          name: `Iptables: IPv${family}’s rules have changed`,
          expression: `last(@ruleset.sha256.${family},#1)<>last(@ruleset.sha256.${family},#2)`,
          priority: 'INFO',
          scope: 'notice',
          closedByHand: true,
          says: 'palisade journal show says who changed them, and palisade drift how they differ from what was accepted.',
        },
      ],
    },
    {
      field: `backend.${family}`,
      name: `Backend of IPv${family}`,
      says: 'Which backend of iptables holds rules: nft, legacy, both, none or unknown.',
      ...{ component: 'ruleset', type: 'CHAR', keeps: 'changes' },
      of: from('backends', (all) => all.find((one) => one.family === family)?.backend ?? null),
      triggers: [
        {
          id: `backend.both.${family}`,
          name: `Iptables: IPv${family} has rules in both backends`,
          expression: `find(@backend.${family},,"eq","both")=1`,
          priority: 'AVERAGE',
          scope: 'security',
          says: 'Packets meet the rules of nft and of legacy; each tool shows only its own. palisade status says what stands where.',
        },
      ],
    },
  ]),
  {
    field: 'drift',
    name: 'Drift',
    says: 'Whether the firewall differs from what was accepted, by a change that somebody should look at.',
    ...{ component: 'drift', type: 'UNSIGNED', valueMap: 'no or yes' },
    of: from('drift', ({ drifted }) => (drifted ? 1 : 0)),
    triggers: [
      {
        id: 'drift',
        name: 'Iptables: The firewall has drifted',
        event: 'Iptables: The firewall has drifted: {?last(@drift.text)}',
        // Somebody who has said that he is changing it needs not be told that he does.
        expression: 'last(@drift)=1 and last(@drift.announced)=0',
        priority: 'HIGH',
        scope: 'security',
        closedByHand: true,
        says: 'palisade drift shows the difference and who made it; palisade change commit accepts it.',
      },
    ],
  },
  {
    field: 'drift.changes',
    name: 'Drift, changes',
    says: 'How many rules and policies differ from what was accepted.',
    ...{ component: 'drift', type: 'UNSIGNED', keeps: 'changes' },
    of: from('drift', ({ changes }) => changes.reduce((sum, { count }) => sum + count, 0)),
  },
  {
    field: 'drift.announced',
    name: 'Drift, announced',
    says: 'Whether somebody has said that he is changing the firewall by hand.',
    ...{ component: 'drift', type: 'UNSIGNED', valueMap: 'no or yes' },
    of: from('drift', ({ announcedUntil }, { at }) => (announcedUntil !== null && announcedUntil > at ? 1 : 0)),
  },
  {
    field: 'drift.text',
    name: 'Drift, as text',
    says: 'What differs, in sentences, and by whom.',
    ...{ component: 'drift', type: 'TEXT', keeps: 'changes' },
    of: from('drift', ({ drifted, says, by }) => (drifted ? lines([...says, ...(by === null ? [] : [by])]) : 'nothing differs')),
  },
  {
    field: 'persistence.differs',
    name: 'Rules that a restart would not bring back',
    says: 'Of how many families what the next start loads is not what is in force.',
    ...{ component: 'persistence', type: 'UNSIGNED', keeps: 'changes' },
    of: from('persistence', (all) => all.filter(({ stands }) => stands === 'differs' || stands === 'nothing-saved').length),
    triggers: [
      {
        id: 'persistence.differs',
        name: 'Iptables: The next start loads other rules',
        event: 'Iptables: The next start loads other rules: {?last(@persistence.text)}',
        expression: 'min(@persistence.differs,{$IPT.PERSISTENCE.FOR})>0',
        priority: 'AVERAGE',
        scope: 'availability',
        says: 'What is in force is lost when the machine starts again. Save it as the host does, or confirm it with palisade.',
      },
    ],
  },
  {
    field: 'persistence.text',
    name: 'What the next start loads',
    says: 'For each family: where its rules are saved, and whether they are those in force.',
    ...{ component: 'persistence', type: 'TEXT', keeps: 'changes' },
    of: from('persistence', (all) =>
      lines(all.map(({ family, source, stands, why }) => `IPv${family} ${source}: ${stands}${why === null ? '' : ` (${why})`}`)),
    ),
  },
  {
    field: 'exposure.everyone',
    name: 'Ports open to everyone',
    says: 'Listening ports that everyone outside reaches, of both families.',
    ...{ component: 'exposure', type: 'UNSIGNED', keeps: 'changes' },
    of: from('exposure', (all) => all.filter(({ open }) => open === 'everyone').length),
    triggers: [
      {
        id: 'exposure.grown',
        name: 'Iptables: More ports are open to everyone',
        event: 'Iptables: {ITEM.LASTVALUE1} ports are open to everyone: more than before',
        expression: 'last(@exposure.everyone,#1)>last(@exposure.everyone,#2)',
        priority: 'WARNING',
        scope: 'security',
        closedByHand: true,
        says: 'The item “Ports open to everyone, as text” has them; palisade reach says by which rules.',
      },
    ],
  },
  {
    field: 'exposure.unknown',
    name: 'Ports of which nobody knows who reaches them',
    says: 'Listening ports for which the rules do not tell.',
    ...{ component: 'exposure', type: 'UNSIGNED', keeps: 'changes' },
    of: from('exposure', (all) => all.filter(({ open }) => open === 'unknown').length),
  },
  {
    field: 'exposure.text',
    name: 'Ports open to everyone, as text',
    says: 'The ports that everyone outside reaches, a line each.',
    ...{ component: 'exposure', type: 'TEXT', keeps: 'changes' },
    of: from('exposure', (all) =>
      lines(
        all
          .filter(({ open }) => open === 'everyone')
          .map(({ family, proto, port, process }) => `IPv${family} ${port}/${proto} ${process ?? ''}`.trimEnd()),
      ),
    ),
  },
];
