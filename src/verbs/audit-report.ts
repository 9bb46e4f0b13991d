import { createHash } from 'node:crypto';
import manifest from '../../package.json' with { type: 'json' };
import type { AcceptedRisk } from '../audit/accepted.ts';
import { type Circumstances, dossierOf, fails } from '../audit/dossier.ts';
import type { Finding, Report, Severity } from '../audit/finding.ts';
import { type ProfileName, profiles } from '../audit/profiles/index.ts';
import { formats } from '../audit/reports/index.ts';
import type { Host } from '../model/host/index.ts';
import type { Problem } from '../result.ts';
import { type AuditAnswerJson, dossierToJson } from './audit-shape.ts';
import type { MendingJson } from './mending.ts';
import { writeOutput } from './output-file.ts';
import type { ScriptPartJson } from './script-shape.ts';
import type { Context, Outcome } from './verb.ts';

/** The flags that say how an audit is written down. */
interface Reporting {
  readonly failOn: Severity;
  readonly profile: ProfileName;
  readonly format: 'text' | 'json' | keyof typeof formats;
  readonly output?: string | undefined;
}

/** What an audit knows beside its report. */
interface Beside {
  /** What the kernel did, where it was asked. */
  readonly proofs?: Circumstances['proofs'];
  /** What the kernel contradicts: faults of palisade. */
  readonly faults?: readonly Problem[];
  /** What fixes would do, where it was asked. */
  readonly mendings?: ReadonlyMap<Finding, MendingJson>;
  /** Of a script, the way there. */
  readonly script?: ScriptPartJson;
}

/** The answer of an audit that is done, in the format and the place that the flags say. */
export async function reported(
  context: Pick<Context, 'clock'>,
  { failOn, profile, format, output }: Reporting,
  risks: readonly AcceptedRisk[],
  host: Host,
  report: Report,
  { proofs = new Map(), faults = [], mendings, script }: Beside = {},
): Promise<Outcome<AuditAnswerJson>> {
  const dossier = dossierOf(host, report, {
    profile: profiles[profile],
    risks,
    now: context.clock.now(),
    failOn,
    tool: { name: manifest.name, version: manifest.version },
    digest: (bytes) => createHash('sha256').update(bytes, 'latin1').digest('hex'),
    proofs,
  });
  const value: AuditAnswerJson = { ...dossierToJson(dossier, mendings), ...(script !== undefined && { script }) };
  const failing = dossier.findings.some(({ finding }) => fails(failOn, finding.severity));
  const kind = faults.length > 0 ? 'unknown' : failing ? 'found' : dossier.unknown.length > 0 ? 'unknown' : 'done';
  if (format === 'text') return { kind, value, faults };
  const document = format === 'json' ? `${JSON.stringify(value)}\n` : formats[format].write(dossier);
  if (output === undefined) return { kind, value, document, faults };
  const written = await writeOutput(output, document);
  return written.ok ? { kind, value, faults } : { kind: 'invalid', problems: written.problems };
}
