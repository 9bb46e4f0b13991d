import { type Asked, type Dossier, fails, familyNamed } from '../dossier.ts';
import type { Filed } from '../filed.ts';
import type { Format } from './format.ts';
import { escaped } from './visible.ts';
import {
  countWords,
  evidenceWords,
  expiredWords,
  placedWords,
  proofWords,
  riskName,
  riskWords,
  timeWords,
  titleOf,
  witnessWords,
} from './words.ts';

type Subject = 4 | 6 | null;

/**
 * One test a check and family. A finding as grave as `--fail-on` is a failure, a milder one stands in the test's output. What
 * could not be answered is an error, not a skip: skipped tests leave a pipeline green, and unknown is never good. Accepted
 * findings are skipped, with who accepted them.
 */
export const junit: Format = {
  name: 'junit',
  summary: 'JUnit XML for pipelines: one test a check and family; what could not be answered is an error',
  mediaType: 'application/xml; charset=utf-8',
  write(dossier) {
    const cases = dossier.checks.flatMap((asked) => subjectsOf(asked).map((subject) => testOf(asked, subject, dossier)));
    const count = (kind: Test['kind']): number => cases.filter((one) => one.kind === kind).length;
    const { evidence } = dossier;
    const totals = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
    const properties = [
      ...evidenceWords(dossier),
      ['Score', dossier.score === null ? '' : String(dossier.score)] as const,
      ['Confidence %', String(dossier.confidence)] as const,
      ...dossier.expired.map((entry) => ['Expired acceptance', `${riskName(entry.risk)}: ${expiredWords(entry)}`] as const),
      ...dossier.unused.map((risk) => ['Unused acceptance', riskName(risk)] as const),
    ];
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<testsuites name="palisade audit" ${totals} time="0">`,
      `  <testsuite name="${escaped(`palisade audit of ${evidence.host}`)}" ${totals} time="0" timestamp="${timeWords(evidence.readAt).replace('Z', '')}" hostname="${escaped(evidence.host)}">`,
      '    <properties>',
      ...properties.map(([name, value]) => `      <property name="${escaped(name)}" value="${escaped(value)}"/>`),
      '    </properties>',
      ...cases.map(({ text }) => text),
      `    <system-out>${escaped(countWords(dossier))}</system-out>`,
      '  </testsuite>',
      '</testsuites>',
      '',
    ].join('\n');
  },
};

interface Test {
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
  readonly text: string;
}

/** The families that a check speaks of, found or not, so that a pipeline sees the same tests in every run. */
function subjectsOf({ check, findings, accepted }: Asked): readonly Subject[] {
  const said = check.examples.flatMap(({ finds }) => finds.map((text) => text.split(' ')[1]));
  const found = [...findings, ...accepted.map(({ filed }) => filed)].map(({ finding }) => String(finding.family));
  const subjects = ([null, 4, 6] as const).filter((subject) => [...said, ...found].includes(String(subject)));
  return subjects.length === 0 ? [null] : subjects;
}

function testOf(asked: Asked, subject: Subject, { failOn }: Dossier): Test {
  const { check } = asked;
  const findings = asked.findings.filter(({ finding }) => finding.family === subject);
  const grave = findings.filter(({ finding }) => fails(failOn, finding.severity));
  const mild = findings.filter((filed) => !grave.includes(filed));
  const accepted = asked.accepted.filter(({ filed }) => filed.finding.family === subject);
  const unknown = asked.unknown.filter(
    ({ why }) => familyNamed(why) === null || familyNamed(why) === subject || subject === null,
  );
  const open = `    <testcase classname="${escaped(`palisade.${check.id}`)}" name="${escaped(nameOf(asked, subject))}" time="0"`;
  const output = [
    ...mild.map(fullText),
    ...(grave.length > 0 ? unknown.map(({ why }) => `unknown: ${why}`) : []),
    ...accepted.map(({ filed, risk }) => `${riskWords(risk)}\n${fullText(filed)}`),
  ];
  const body: string[] = [];
  let kind: Test['kind'] = 'passed';
  if (grave.length > 0) {
    kind = 'failure';
    const [first] = grave;
    const title = first === undefined ? '' : titleOf(first.finding);
    const message = `${first?.finding.severity}: ${title}${grave.length > 1 ? ` (and ${grave.length - 1} more)` : ''}`;
    body.push(
      `      <failure type="${first?.finding.severity}" message="${escaped(message)}">${escaped(grave.map(fullText).join('\n\n'))}</failure>`,
    );
  } else if (unknown.length > 0) {
    kind = 'error';
    const text = unknown.map(({ why, remedy }) => `${why}; ${remedy}`).join('\n');
    body.push(`      <error type="unknown" message="${escaped(unknown[0]?.why ?? '')}">${escaped(text)}</error>`);
  } else if (accepted.length > 0) {
    kind = 'skipped';
    body.push(`      <skipped message="${escaped(accepted.map(({ risk }) => riskWords(risk)).join('; '))}"/>`);
  }
  if (output.length > 0) body.push(`      <system-out>${escaped(output.join('\n\n'))}</system-out>`);
  return { kind, text: body.length === 0 ? `${open}/>` : `${open}>\n${body.join('\n')}\n    </testcase>` };
}

function nameOf({ check }: Asked, subject: Subject): string {
  return `${check.id}${subject === null ? '' : ` IPv${subject}`} ${check.title}`;
}

function fullText({ finding, fingerprint, at, causedBy, proof }: Filed): string {
  return [
    `${finding.severity}: ${titleOf(finding)}`,
    finding.why,
    ...at.map((place) => `at ${placedWords(place)}`),
    ...causedBy.map((place) => `because of ${placedWords(place)}`),
    ...(finding.witness === null ? [] : [`witness ${witnessWords(finding.witness)}`]),
    ...(proof === null ? [] : [`proof: ${proofWords(proof)}`]),
    `fix: ${finding.fix}`,
    `standards: ${finding.refs.join('; ')}`,
    `fingerprint: ${fingerprint}`,
  ].join('\n');
}
