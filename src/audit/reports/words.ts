import type { AcceptedRisk, Where } from '../accepted.ts';
import { sayList } from '../blame.ts';
import { countsOf, type Dossier } from '../dossier.ts';
import type { Evidence, Exhibit } from '../evidence.ts';
import type { Placed } from '../filed.ts';
import { type Finding, type Located, type Proof, severities, type Witness } from '../finding.ts';
import { sayPacket } from '../probes.ts';
import { referencesOf, type StandardKey, standards } from '../standards/index.ts';

/** The words in which formats for people say the same things; none of them is escaped yet. */

/** With its family, unless the title says it already, and with what is not certain. */
export function titleOf({ family, title, certainty }: Finding): string {
  const said = family === null || /IPv[46]/.test(title) ? title : `IPv${family}: ${title}`;
  return certainty === 'possible' ? `${said} (possible)` : said;
}

/** `IPv4 filter INPUT rule 3, line 7`. */
export function placeWords({ family, table, chain, rule, line }: Located): string {
  const where = `IPv${family} ${table} ${chain} ${rule === 'policy' ? 'policy' : `rule ${rule}`}`;
  return line === null ? where : `${where}, line ${line}`;
}

/** A place with the words that stand there. */
export function placedWords(place: Placed): string {
  return place.text === null ? placeWords(place) : `${placeWords(place)}: ${place.text}`;
}

export function verdictWords({ trace }: Witness): string {
  const { verdict, decidedBy, line, dependsOn } = trace;
  const by = decidedBy === null ? 'by no rule and no policy' : `by ${placeWords({ ...decidedBy, line })}`;
  return `${verdict} ${by}${dependsOn.length === 0 ? '' : `; it hangs on ${dependsOn.join(', ')}`}`;
}

export function witnessWords(witness: Witness): string {
  return `${sayPacket(witness.packet)}: ${verdictWords(witness)}`;
}

export function proofWords(proof: Proof): string {
  if (!proof.ran) return `not sent through the kernel: ${proof.why}`;
  const by = proof.decidedBy === null ? '' : ` by ${placeWords({ ...proof.decidedBy, line: null })}`;
  if (!proof.agrees) return `the kernel disagrees: ${proof.kernel}${by}; this is a fault of palisade`;
  return `the kernel agrees: ${proof.kernel}${by}${proof.led ? '; led there by routes made for it' : ''}`;
}

/** `87 of 100`, or why there is none. Unknown checks can only make it worse, so that it then is a bound. */
export function scoreWords({ score, confidence }: Pick<Dossier, 'score' | 'confidence'>): string {
  if (score === null) return 'none: no check could be answered';
  return confidence === 100 ? `${score} of 100` : `at most ${score} of 100`;
}

export function confidenceWords({ confidence }: Pick<Dossier, 'confidence'>): string {
  return `${confidence} % of the checks could be answered`;
}

/** `2 critical, 3 high`; what there is none of is left out. */
export function countWords({ findings }: Pick<Dossier, 'findings'>): string {
  const counts = countsOf(findings);
  const said = severities.flatMap((severity) => (counts[severity] === 0 ? [] : [`${counts[severity]} ${severity}`]));
  return said.length === 0 ? 'no findings' : said.join(', ');
}

/** ISO 8601 in UTC, to the second. */
export function timeWords(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** What was audited, by what and when, as label and text. */
export function evidenceWords({
  evidence,
  profile,
}: Pick<Dossier, 'evidence' | 'profile'>): readonly (readonly [string, string])[] {
  return [
    ['Host', evidence.host],
    ['Kernel', evidence.kernel ?? 'not known'],
    ['Read at (UTC)', timeWords(evidence.readAt)],
    ['Read from', evidence.origin === 'live' ? 'this host, live' : 'files'],
    ['Tool', `${evidence.tool.name} ${evidence.tool.version}`],
    ['Profile', `${profile.name}: ${profile.summary}`],
    ...evidence.rulesets.map((one) => [`IPv${one.family} rules`, exhibitWords(one)] as const),
  ];
}

function exhibitWords(one: Exhibit): string {
  if (!one.read) return `unknown: ${one.why}`;
  return `${one.source}, ${one.rules} ${one.rules === 1 ? 'rule' : 'rules'}, ${one.bytes} bytes, SHA-256 ${one.sha256}`;
}

/** One line of what was read, for formats whose rows stand alone. */
export function sha256Words({ rulesets }: Evidence): string {
  return rulesets.map((one) => `IPv${one.family} ${one.read ? one.sha256 : 'unknown'}`).join(' ');
}

export function riskWords({ owner, reason, expires }: AcceptedRisk): string {
  return `accepted by ${owner} until ${expires}: ${reason}`;
}

/** `FW-EXP-02, chain INPUT, port 8443/tcp`. */
export function riskName({ check, where }: AcceptedRisk): string {
  return [check, ...whereWords(where)].join(', ');
}

function whereWords({ family, table, chain, port, finding }: Where): readonly string[] {
  return [
    family === undefined ? '' : `IPv${family}`,
    table === undefined ? '' : `table ${table}`,
    chain === undefined ? '' : `chain ${chain}`,
    port === undefined ? '' : `port ${port}`,
    finding === undefined ? '' : `finding ${finding}`,
  ].filter((word) => word !== '');
}

/** What an entry whose day is over means now. */
export function expiredWords({ risk, findings }: Dossier['expired'][number]): string {
  const again = findings.map(({ fingerprint }) => fingerprint);
  const counts = again.length === 0 ? 'nothing is left of it' : `it counts again (${sayList(again)})`;
  return `${risk.owner} accepted this until ${risk.expires}: ${counts}`;
}

/** The controls of each standard with its edition: `CIS Debian 12 v1.1.0: 4.4.2.2, 4.4.3.2`. */
export function standardsWords({ id, refs }: Pick<Finding, 'id' | 'refs'>): string {
  const references = referencesOf(id);
  if (references.length === 0) return refs.join('; ');
  return [...new Set(references.map(({ standard }) => standard))]
    .map((key) => {
      const { name, version }: { name: string; version: string | null } = standards[key];
      const controls = references
        .filter(({ standard }) => standard === key)
        .map(({ control, recalled }) => `${control}${recalled === true ? ' (recalled)' : ''}`);
      const edition = version === null || name.includes(version) ? '' : ` ${version}`;
      return `${name.replace(/,$/, '')}${edition}: ${controls.join(', ')}`;
    })
    .join('; ');
}

/** A standard's title with its edition, and whose numbers are the same. */
export function editionWords(key: StandardKey): { readonly title: string; readonly same: string | null } {
  const { title, version, same }: { title: string; version: string | null; same?: string } = standards[key];
  return { title: version === null || title.includes(version) ? title : `${title} ${version}`, same: same ?? null };
}

/** A fix is a sentence, then commands, one a line. */
export function fixParts(fix: string): { readonly sentence: string; readonly commands: readonly string[] } {
  const [sentence = '', ...commands] = fix.split('\n');
  return { sentence, commands };
}
