import { z } from 'zod';
import type { AcceptedRisk } from '../audit/accepted.ts';
import type { Dossier } from '../audit/dossier.ts';
import type { Filed } from '../audit/filed.ts';
import type { Finding } from '../audit/finding.ts';
import { standards } from '../audit/standards/index.ts';
import { type MendingJson, mending } from './mending.ts';
import { scriptPart } from './script-shape.ts';
import { auditReport, finding, findingToJson } from './shapes.ts';

const filed = finding.extend({
  fingerprint: z
    .string()
    .describe('The same as long as check, chain and the rules’ words are the same, wherever they stand in the text.'),
  mending: mending.optional().describe('With --fixes: what the fix would do.'),
});

const acceptance = z
  .object({
    check: z.string(),
    where: z.object({
      family: z.union([z.literal(4), z.literal(6)]).optional(),
      table: z.string().optional(),
      chain: z.string().optional(),
      port: z.string().optional(),
      finding: z.string().optional(),
    }),
    owner: z.string(),
    reason: z.string(),
    expires: z.string().describe('The last day, in UTC, on which it holds: YYYY-MM-DD.'),
  })
  .meta({ id: 'AcceptedRisk' });

/** What `audit --json` prints: the report, and what it was made of. */
export const auditAnswer = auditReport
  .extend({
    findings: z.array(filed).describe('Those that count, worst first.'),
    profile: z.string(),
    evidence: z.object({
      tool: z.string().describe('With its version.'),
      kernel: z.string().nullable(),
      readAt: z.string().describe('ISO 8601, UTC.'),
      origin: z.enum(['live', 'files']),
      rulesets: z.array(
        z.object({
          family: z.union([z.literal(4), z.literal(6)]),
          source: z.string().describe('The file, or the command that printed it.'),
          bytes: z.int(),
          rules: z.int(),
          sha256: z.string().describe('Of the text as read.'),
        }),
      ),
    }),
    accepted: z
      .array(filed.extend({ acceptance }))
      .describe('Findings that somebody answers for: neither in the score nor in the exit code.'),
    expired: z.array(acceptance.extend({ findings: z.array(z.string()).describe('Fingerprints that count again.') })),
    unused: z.array(acceptance).describe('Acceptances that fit no finding.'),
    controls: z
      .array(
        z.object({
          standard: z.string(),
          version: z.string().nullable(),
          control: z.string(),
          title: z.string().nullable(),
          outcome: z.enum(['pass', 'fail', 'manual', 'unknown', 'not applicable']),
          why: z.string(),
          checks: z.array(z.string()),
          recalled: z.boolean().describe('The number is from memory and was not looked up.'),
        }),
      )
      .describe('Of the standards of the profile, one by one.'),
    script: scriptPart.optional().describe('With --script: the way there, and a better one.'),
  })
  .meta({ id: 'Audit' });

export type AuditAnswerJson = z.output<typeof auditAnswer>;

export function dossierToJson(dossier: Dossier, mendings: ReadonlyMap<Finding, MendingJson> = new Map()): AuditAnswerJson {
  const { evidence } = dossier;
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { finding } of dossier.findings) counts[finding.severity] += 1;
  return {
    host: evidence.host,
    readAt: evidence.readAt / 1000,
    score: dossier.score,
    confidence: dossier.confidence,
    counts,
    findings: dossier.findings.map((filed) => ({ ...filedToJson(filed), ...mended(filed.finding) })),
    unknown: [...dossier.unknown],
    profile: dossier.profile.name,
    evidence: {
      tool: `${evidence.tool.name} ${evidence.tool.version}`,
      kernel: evidence.kernel,
      readAt: new Date(evidence.readAt).toISOString(),
      origin: evidence.origin,
      rulesets: evidence.rulesets.flatMap((one) =>
        one.read ? [{ family: one.family, source: one.source, bytes: one.bytes, rules: one.rules, sha256: one.sha256 }] : [],
      ),
    },
    accepted: dossier.accepted.map(({ filed, risk }) => ({ ...filedToJson(filed), acceptance: riskToJson(risk) })),
    expired: dossier.expired.map(({ risk, findings }) => ({
      ...riskToJson(risk),
      findings: findings.map(({ fingerprint }) => fingerprint),
    })),
    unused: dossier.unused.map(riskToJson),
    controls: dossier.controls.map(({ standard, checks, ...row }) => ({
      standard: standards[standard].title,
      version: standards[standard].version,
      ...row,
      checks: [...checks],
    })),
  };

  function mended(one: Finding): { mending?: MendingJson } {
    const done = mendings.get(one);
    return done === undefined ? {} : { mending: done };
  }
}

function filedToJson({ finding, fingerprint, proof }: Filed): AuditAnswerJson['findings'][number] {
  return { ...findingToJson(finding, proof), fingerprint };
}

function riskToJson({ check, where, owner, reason, expires }: AcceptedRisk): z.output<typeof acceptance> {
  return { check, where: { ...where }, owner, reason, expires };
}
