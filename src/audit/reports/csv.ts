import type { Dossier } from '../dossier.ts';
import type { Filed } from '../filed.ts';
import { refsOf } from '../standards/index.ts';
import { cell } from './cell.ts';
import type { Format } from './format.ts';
import {
  expiredWords,
  placedWords,
  proofWords,
  riskName,
  riskWords,
  sha256Words,
  timeWords,
  titleOf,
  witnessWords,
} from './words.ts';

/** One row a finding, an open question, or a check that found nothing; each says by itself of which machine and time it is. */
interface Row {
  readonly status: 'fail' | 'accepted' | 'unknown' | 'pass' | 'expired acceptance' | 'unused acceptance';
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly filed?: Filed;
  readonly fix?: string;
  readonly refs?: readonly string[];
  readonly acceptance?: string;
}

const columns: readonly (readonly [title: string, of: (row: Row, dossier: Dossier) => string])[] = [
  ['status', ({ status }) => status],
  ['id', ({ id }) => id],
  ['severity', ({ filed }) => filed?.finding.severity ?? ''],
  ['certainty', ({ filed }) => filed?.finding.certainty ?? ''],
  ['title', ({ title }) => title],
  ['why', ({ why }) => why],
  ['family', ({ filed }) => (filed === undefined || filed.finding.family === null ? '' : `IPv${filed.finding.family}`)],
  ['at', ({ filed }) => filed?.at.map(placedWords).join('\n') ?? ''],
  ['caused by', ({ filed }) => filed?.causedBy.map(placedWords).join('\n') ?? ''],
  ['witness', ({ filed }) => (filed?.finding.witness == null ? '' : witnessWords(filed.finding.witness))],
  ['proof', ({ filed }) => (filed == null || filed.proof === null ? '' : proofWords(filed.proof))],
  ['fix', ({ fix }) => fix ?? ''],
  ['standards', ({ refs }) => refs?.join('; ') ?? ''],
  ['acceptance', ({ acceptance }) => acceptance ?? ''],
  ['fingerprint', ({ filed }) => filed?.fingerprint ?? ''],
  ['host', (_, { evidence }) => evidence.host],
  ['kernel', (_, { evidence }) => evidence.kernel ?? ''],
  ['read at (UTC)', (_, { evidence }) => timeWords(evidence.readAt)],
  ['tool', (_, { evidence }) => `${evidence.tool.name} ${evidence.tool.version}`],
  ['profile', (_, { profile }) => profile.name],
  ['score', (_, { score }) => (score === null ? '' : String(score))],
  ['confidence %', (_, { confidence }) => String(confidence)],
  ['rulesets SHA-256', (_, { evidence }) => sha256Words(evidence)],
];

export const csv: Format = {
  name: 'csv',
  summary: 'a table for spreadsheets: RFC 4180 in UTF-8, one row a finding, unknown or passed check',
  mediaType: 'text/csv; charset=utf-8',
  write(dossier) {
    const lines = rowsOf(dossier).map((row) => columns.map(([, of]) => cell(of(row, dossier))));
    return [columns.map(([title]) => cell(title)), ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
  },
};

function rowsOf({ findings, accepted, unknown, checks, expired, unused }: Dossier): readonly Row[] {
  const about = (filed: Filed): Omit<Row, 'status'> => ({
    id: filed.finding.id,
    title: titleOf(filed.finding),
    why: filed.finding.why,
    filed,
    fix: filed.finding.fix,
    refs: filed.finding.refs,
  });
  return [
    ...findings.map((filed): Row => ({ status: 'fail', ...about(filed) })),
    ...accepted.map(({ filed, risk }): Row => ({ status: 'accepted', ...about(filed), acceptance: riskWords(risk) })),
    ...unknown.map(({ id, why, remedy }): Row => ({ status: 'unknown', id, title: 'could not be answered', why, fix: remedy })),
    ...checks.flatMap(({ check, outcome }): readonly Row[] =>
      outcome === 'pass' ? [{ status: 'pass', id: check.id, title: check.title, why: 'nothing found', refs: refsOf(check) }] : [],
    ),
    ...expired.map(
      (entry): Row => ({
        status: 'expired acceptance',
        id: entry.risk.check,
        title: riskName(entry.risk),
        why: expiredWords(entry),
      }),
    ),
    ...unused.map(
      (risk): Row => ({ status: 'unused acceptance', id: risk.check, title: riskName(risk), why: 'it fits no finding' }),
    ),
  ];
}
