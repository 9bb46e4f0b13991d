import { createHash } from 'node:crypto';
import manifest from '../../package.json' with { type: 'json' };
import type { AcceptedRisk } from '../audit/accepted.ts';
import { type Circumstances, dossierOf, fails } from '../audit/dossier.ts';
import type { Report, Severity } from '../audit/finding.ts';
import { type ProfileName, profiles } from '../audit/profiles/index.ts';
import { formats } from '../audit/reports/index.ts';
import type { Host } from '../model/host/index.ts';
import { type AuditAnswerJson, dossierToJson } from './audit-shape.ts';
import { writeOutput } from './output-file.ts';
import type { Context, Outcome } from './verb.ts';

/** The flags that say how an audit is written down. */
interface Reporting {
  readonly failOn: Severity;
  readonly profile: ProfileName;
  readonly format: 'text' | 'json' | keyof typeof formats;
  readonly output?: string | undefined;
}

/** The answer of an audit that is done, in the format and the place that the flags say. `proofs`: what the kernel did, where it was asked. */
export async function reported(
  context: Pick<Context, 'clock'>,
  { failOn, profile, format, output }: Reporting,
  risks: readonly AcceptedRisk[],
  host: Host,
  report: Report,
  proofs: NonNullable<Circumstances['proofs']> = new Map(),
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
  const value = dossierToJson(dossier);
  const failing = dossier.findings.some(({ finding }) => fails(failOn, finding.severity));
  const kind = failing ? 'found' : dossier.unknown.length > 0 ? 'unknown' : 'done';
  if (format === 'text') return { kind, value };
  const document = format === 'json' ? `${JSON.stringify(value)}\n` : formats[format].write(dossier);
  if (output === undefined) return { kind, value, document };
  const written = await writeOutput(output, document);
  return written.ok ? { kind, value } : { kind: 'invalid', problems: written.problems };
}
