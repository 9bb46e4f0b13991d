import type { AcceptedRisk } from '../accepted.ts';
import { type Asked, type Dossier, familyNamed } from '../dossier.ts';
import type { Exhibit } from '../evidence.ts';
import type { Filed, Placed } from '../filed.ts';
import type { Severity, Undetermined } from '../finding.ts';
import { referencesOf, refsOf, type StandardKey, standards } from '../standards/index.ts';
import type { Format } from './format.ts';
import { artifactsOf, artifactUri } from './sarif-artifacts.ts';
import { visible } from './visible.ts';
import { placeWords, proofWords, riskWords, timeWords, titleOf, witnessWords } from './words.ts';

/** What GitHub reads as critical above 9, high from 7, medium from 4 and low above 0. */
const securitySeverity: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '0.0',
};
const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' } as const;

/**
 * SARIF 2.1.0 of OASIS. Findings are results of kind `fail`, with what is only possible said in their words and properties: only
 * a failure may have a level. Checks without an answer are `open`, and a notification. Those that found nothing are listed in the
 * run's properties: GitHub shows every result as an alert, whatever its kind (microsoft/PSRule#955). It also refuses a whole file for
 * one result without a location (github/codeql-action#2459), so that what no rule is to blame for points at the beginning.
 */
export const sarif: Format = {
  name: 'sarif',
  summary: 'SARIF 2.1.0 for code scanning, with the rules as the artifact that findings point into',
  mediaType: 'application/sarif+json',
  write: (dossier) => `${JSON.stringify(logOf(dossier), null, 2)}\n`,
};

function logOf(dossier: Dossier): unknown {
  const { evidence, checks, unknown, findings, accepted } = dossier;
  const indexes = new Map(checks.map(({ check }, index) => [check.id, index]));
  const used = [...new Set(checks.flatMap(({ check }) => referencesOf(check.id).map(({ standard }) => standard)))];
  const rule = (id: string) => ({ ruleId: id, ...(indexes.has(id) && { ruleIndex: indexes.get(id) }) });
  const readAt = timeWords(evidence.readAt);
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: evidence.tool.name,
            version: evidence.tool.version,
            semanticVersion: evidence.tool.version,
            rules: checks.map(({ check }) => ruleOf(check)),
            notifications: [{ id: 'unknown', shortDescription: { text: 'A check could not be answered' } }],
            supportedTaxonomies: used.map((key) => ({ name: taxonomyName(key) })),
          },
        },
        automationDetails: { id: `palisade/${encodeURIComponent(evidence.host)}/${dossier.profile.name}` },
        taxonomies: used.map((key) => taxonomyOf(key, checks)),
        invocations: [
          {
            executionSuccessful: true,
            startTimeUtc: readAt,
            endTimeUtc: readAt,
            machine: evidence.host,
            toolExecutionNotifications: unknown.map((one) => notificationOf(one, indexes)),
            properties: { kernel: evidence.kernel, readFrom: evidence.origin },
          },
        ],
        artifacts: artifactsOf(evidence),
        results: [
          ...findings.map((filed) => ({ ...rule(filed.finding.id), ...resultOf(filed, evidence.rulesets, []) })),
          ...accepted.map(({ filed, risk }) => ({
            ...rule(filed.finding.id),
            ...resultOf(filed, evidence.rulesets, [suppressionOf(risk)]),
          })),
          ...unknown.map(({ id, why }) => ({
            ...rule(id),
            kind: 'open',
            level: 'none',
            message: messageOf(`unknown: ${why}`),
            locations: [beginningOf(familyNamed(why), evidence.rulesets)],
          })),
        ],
        columnKind: 'utf16CodeUnits',
        properties: {
          score: dossier.score,
          confidence: dossier.confidence,
          profile: dossier.profile.name,
          passed: checks.flatMap(({ check, outcome }) => (outcome === 'pass' ? [check.id] : [])),
          expiredAcceptances: dossier.expired.map(({ risk }) => acceptanceOf(risk)),
          unusedAcceptances: dossier.unused.map(acceptanceOf),
          ...(dossier.controls.length > 0 && { controls: dossier.controls }),
        },
      },
    ],
  };
}

function ruleOf(check: Asked['check']): unknown {
  const references = referencesOf(check.id);
  const refs = refsOf(check);
  const asked = refs.length === 0 ? '' : `\n\nStandards: ${refs.join('; ')}`;
  return {
    id: check.id,
    name: check.id.replaceAll('-', ''),
    shortDescription: { text: check.title },
    fullDescription: { text: check.why },
    help: { text: `${check.why}\n\n${check.fix}${asked}` },
    defaultConfiguration: { level: levels[check.severity] },
    relationships: references.map(({ standard, control }) => ({
      target: { id: control, toolComponent: { name: taxonomyName(standard) } },
      kinds: ['relevant'],
    })),
    properties: {
      tags: ['security', 'firewall', ...refs],
      'security-severity': securitySeverity[check.severity],
      problem: { severity: levels[check.severity] === 'note' ? 'recommendation' : levels[check.severity] },
    },
  };
}

function taxonomyName(key: StandardKey): string {
  return standards[key].title;
}

function taxonomyOf(key: StandardKey, checks: Dossier['checks']): unknown {
  const { title, version }: { title: string; version: string | null } = standards[key];
  const references = checks.flatMap(({ check }) => referencesOf(check.id)).filter(({ standard }) => standard === key);
  const controls = new Map(references.map((reference) => [reference.control, reference]));
  return {
    name: title,
    ...(version !== null && { version }),
    taxa: [...controls.values()].map(({ control, recalled }) => ({
      id: control,
      ...(recalled === true && { properties: { recalled } }),
    })),
  };
}

function resultOf(
  { finding, fingerprint, at, causedBy, proof }: Filed,
  exhibits: readonly Exhibit[],
  suppressions: readonly unknown[],
): object {
  const parts = [
    titleOf(finding),
    finding.why,
    ...(finding.witness === null ? [] : [`Witness: ${witnessWords(finding.witness)}`]),
    ...(proof === null ? [] : [`Proof: ${proofWords(proof)}`]),
    `Fix: ${finding.fix}`,
  ];
  return {
    kind: 'fail',
    level: levels[finding.severity],
    message: messageOf(parts.join('\n\n')),
    locations: at.length === 0 ? [beginningOf(finding.family, exhibits)] : at.map((place) => locationOf(place, exhibits)),
    relatedLocations: causedBy.map((place, index) => ({
      id: index + 1,
      ...locationOf(place, exhibits),
      message: messageOf(`because of ${placeWords(place)}`),
    })),
    partialFingerprints: { 'palisade/v1': fingerprint },
    // An empty list says that it was looked for acceptance and none was found.
    suppressions,
    properties: {
      severity: finding.severity,
      certainty: finding.certainty,
      'security-severity': securitySeverity[finding.severity],
      tags: [...finding.refs],
      fix: finding.fix,
      ...(proof !== null && { proof }),
    },
  };
}

/** A rule's line in the ruleset's text, and its name as people say it. A policy that was never written has no line. */
function locationOf(place: Placed, exhibits: readonly Exhibit[]): { readonly [key: string]: unknown } {
  const region =
    place.line === null
      ? { startLine: 1 }
      : { startLine: place.line, ...(place.text !== null && { snippet: { text: place.text } }) };
  return {
    physicalLocation: { artifactLocation: artifactOf(place.family, exhibits), region },
    logicalLocations: [{ name: String(place.rule), fullyQualifiedName: placeWords({ ...place, line: null }), kind: 'rule' }],
  };
}

/** Of what is about no rule. */
function beginningOf(family: 4 | 6 | null, exhibits: readonly Exhibit[]): unknown {
  return { physicalLocation: { artifactLocation: artifactOf(family, exhibits), region: { startLine: 1 } } };
}

/** The family's text, or else the first there is; where none was read, a name that says what is missing. */
function artifactOf(family: 4 | 6 | null, exhibits: readonly Exhibit[]): unknown {
  const read = exhibits.filter((one) => one.read);
  const index = Math.max(
    read.findIndex((one) => one.family === family),
    0,
  );
  const artifact = read[index];
  return artifact === undefined ? { uri: 'ruleset' } : { uri: artifactUri(artifact), index };
}

function suppressionOf(risk: AcceptedRisk): unknown {
  return {
    kind: 'external',
    status: 'accepted',
    justification: visible(riskWords(risk)),
    properties: { ...acceptanceOf(risk) },
  };
}

function acceptanceOf({ check, where, owner, reason, expires }: AcceptedRisk): Readonly<Record<string, unknown>> {
  return { check, where, owner, reason, expires };
}

function notificationOf({ id, why, remedy }: Undetermined, indexes: ReadonlyMap<string, number>): unknown {
  return {
    level: 'warning',
    descriptor: { id: 'unknown', index: 0 },
    associatedRule: { id, ...(indexes.has(id) && { index: indexes.get(id) }) },
    message: messageOf(`${id} could not be answered: ${why}; ${remedy}`),
  };
}

/** Other people's words make no links, fill no placeholders and move no cursor (SARIF 2.1.0, 3.11.5 and 3.11.6). */
function messageOf(text: string): { readonly text: string } {
  return {
    text: visible(text)
      .replace(/[\\[\]]/g, '\\$&')
      .replace(/[{}]/g, '$&$&'),
  };
}
