import type { Dossier } from '../dossier.ts';
import type { Filed, Placed } from '../filed.ts';
import type { Format } from './format.ts';
import { code, fenced, plain, table } from './markup.ts';
import {
  confidenceWords,
  countWords,
  editionWords,
  evidenceWords,
  expiredWords,
  fixParts,
  placeWords,
  proofWords,
  riskName,
  riskWords,
  scoreWords,
  standardsWords,
  titleOf,
  witnessWords,
} from './words.ts';

export const markdown: Format = {
  name: 'markdown',
  summary: 'Markdown for tickets, wikis and merge requests',
  mediaType: 'text/markdown; charset=utf-8',
  write(dossier) {
    const { evidence, findings, accepted, expired, unused, unknown, checks, controls } = dossier;
    const passed = checks.filter(({ outcome }) => outcome === 'pass');
    return [
      `# Firewall audit of ${plain(evidence.host)}`,
      `**${plain(countWords(dossier))}.** Score ${scoreWords(dossier)}; ${confidenceWords(dossier)}.`,
      table(['Evidence', ''], evidenceWords(dossier)),
      '## Findings',
      ...(findings.length === 0 ? ['None.'] : findings.map((filed) => findingText(filed))),
      ...section('Accepted risks', accepted, ({ filed, risk }) => findingText(filed, riskWords(risk))),
      ...section('Expired acceptances', expired, (entry) => `- ${plain(riskName(entry.risk))}: ${plain(expiredWords(entry))}`),
      ...section('Acceptances that fit nothing', unused, (risk) => `- ${plain(riskName(risk))} (${plain(riskWords(risk))})`),
      ...(unknown.length === 0
        ? []
        : [
            '## Unknown',
            table(
              ['Check', 'Why', 'What to do'],
              unknown.map(({ id, why, remedy }) => [id, why, remedy]),
            ),
          ]),
      ...controlTables(controls),
      ...(passed.length === 0
        ? []
        : [
            '## Passed',
            table(
              ['Check', 'Verified'],
              passed.map(({ check }) => [check.id, check.title]),
            ),
          ]),
    ]
      .join('\n\n')
      .concat('\n');
  },
};

function section<T>(title: string, entries: readonly T[], text: (entry: T) => string): readonly string[] {
  return entries.length === 0 ? [] : [`## ${title}`, ...entries.map(text)];
}

function findingText({ finding, fingerprint, at, causedBy, proof }: Filed, acceptance?: string): string {
  const { sentence, commands } = fixParts(finding.fix);
  const items = [
    ...(acceptance === undefined ? [] : [`**${plain(acceptance)}**`]),
    ...at.map((place) => `At ${placeText(place)}`),
    ...causedBy.map((place) => `Because of ${placeText(place)}`),
    ...(finding.witness === null ? [] : [`Witness: ${plain(witnessWords(finding.witness))}`]),
    ...(proof === null ? [] : [`Proof: ${plain(proofWords(proof))}`]),
    ...(finding.refs.length === 0 ? [] : [`Standards: ${plain(standardsWords(finding))}`]),
    `Fingerprint: ${code(fingerprint)}`,
  ];
  return [
    `### ${finding.severity.toUpperCase()} · ${finding.id} · ${plain(titleOf(finding))}`,
    plain(finding.why),
    items.map((item) => `- ${item}`).join('\n'),
    `**Fix.** ${plain(sentence)}`,
    ...(commands.length === 0 ? [] : [fenced('sh', commands.join('\n'))]),
  ].join('\n\n');
}

function placeText(place: Placed): string {
  return `${plain(placeWords(place))}${place.text === null ? '' : `: ${code(place.text)}`}`;
}

function controlTables(controls: Dossier['controls']): readonly string[] {
  const keys = [...new Set(controls.map(({ standard }) => standard))];
  return keys.flatMap((key) => {
    const { title, same } = editionWords(key);
    const rows = controls
      .filter(({ standard }) => standard === key)
      .map((row) => [`${row.control}${row.recalled ? ' (recalled)' : ''}`, row.title ?? '', row.outcome, row.why]);
    return [
      `## ${plain(title)}`,
      ...(same === null ? [] : [`The same numbers are in ${plain(same)}.`]),
      table(['Control', 'Asks for', 'Outcome', 'Decided by'], rows),
    ];
  });
}
