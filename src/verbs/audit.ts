import { z } from 'zod';
import type { Finding } from '../audit/finding.ts';
import { severities } from '../audit/finding.ts';
import type { Problem } from '../result.ts';
import type { Proving } from './proof/index.ts';
import { proveInput, readHostAndSets, readingInput } from './reading.ts';
import { auditReport, type ProofJson, reportToJson } from './shapes.ts';
import { type Context, verb } from './verb.ts';

export const audit = verb({
  name: 'audit',
  group: 'look',
  summary: 'find what is wrong with the firewall, each claim with a packet that shows it',
  description: `Reads the firewall of both families and both backends, its sets and the host's facts, and checks them.
A finding about packets carries a witness: one concrete packet, what becomes of it, and the rule that decides.
What could not be read is listed as unknown and never counts as good.
--prove sends each witness through the rules on the running kernel, in a throw-away namespace, and says what it did. A finding that
the kernel contradicts is a fault of palisade: it is said as such, and the exit code is 3.`,
  input: z.object({
    ...readingInput,
    prove: proveInput,
    failOn: z.enum(severities).default('low').describe('The mildest severity that makes the exit code 1'),
  }),
  output: auditReport,
  streams: false,
  exits: {
    0: 'no finding at or above --fail-on',
    1: 'at least one finding at or above --fail-on',
    2: 'a file or flag could not be read',
    3: 'no such finding, but something could not be determined; or the kernel contradicts a finding',
  },
  examples: [
    { command: 'palisade audit', says: 'audit this host' },
    { command: 'palisade audit --fail-on high --json', says: 'for a pipeline: fail on high and critical findings only' },
    { command: 'palisade audit --prove', says: 'each claim with what the kernel did' },
    { command: 'palisade audit --ruleset rules.v4 --ruleset rules.v6', says: 'audit saved files' },
  ],
  async run(context, input) {
    const read = await readHostAndSets(context, input);
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const { host } = read.value;
    context.progress('auditing');
    const { audit: examine } = await import('../audit/index.ts');
    const report = examine(host);
    const { proofs, faults } = input.prove
      ? await proofsOf(context, { ...read.value, backend: input.backend }, report.findings)
      : { proofs: new Map<Finding, ProofJson>(), faults: [] };
    const value = reportToJson(host.name, host.readAt, report, proofs);
    if (faults.length > 0) return { kind: 'unknown', value, faults };
    const bar = severities.indexOf(input.failOn);
    if (report.findings.some((finding) => severities.indexOf(finding.severity) <= bar)) return { kind: 'found', value };
    return { kind: report.unknown.length > 0 ? 'unknown' : 'done', value };
  },
});

/** What the kernel does with the packet of every finding that has one. */
async function proofsOf(
  context: Context,
  proving: Proving,
  findings: readonly Finding[],
): Promise<{ readonly proofs: ReadonlyMap<Finding, ProofJson>; readonly faults: readonly Problem[] }> {
  const { claimOf, faultsOf, prove } = await import('./proof/index.ts');
  const shown = findings.flatMap((finding) =>
    finding.witness === null ? [] : [{ finding, where: finding.id, claim: claimOf(finding.witness) }],
  );
  const proofs = await prove(
    context,
    proving,
    shown.map(({ claim }) => claim),
  );
  const proved = shown.map((one, index) => ({ ...one, proof: proofs[index] ?? null }));
  return {
    proofs: new Map(proved.flatMap(({ finding, proof }) => (proof === null ? [] : [[finding, proof] as const]))),
    faults: faultsOf(proved),
  };
}
