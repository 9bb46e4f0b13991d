import { z } from 'zod';
import { severities } from '../audit/finding.ts';
import { readHost, readingInput } from './reading.ts';
import { auditReport, reportToJson } from './shapes.ts';
import { verb } from './verb.ts';

export const audit = verb({
  name: 'audit',
  group: 'look',
  summary: 'find what is wrong with the firewall, each claim with a packet that shows it',
  description: `Reads the firewall of both families and both backends, its sets and the host's facts, and checks them.
A finding about packets carries a witness: one concrete packet, what becomes of it, and the rule that decides.
What could not be read is listed as unknown and never counts as good.`,
  input: z.object({
    ...readingInput,
    failOn: z.enum(severities).default('low').describe('The mildest severity that makes the exit code 1'),
  }),
  output: auditReport,
  streams: false,
  exits: {
    0: 'no finding at or above --fail-on',
    1: 'at least one finding at or above --fail-on',
    2: 'a file or flag could not be read',
    3: 'no such finding, but something could not be determined',
  },
  examples: [
    { command: 'palisade audit', says: 'audit this host' },
    { command: 'palisade audit --fail-on high --json', says: 'for a pipeline: fail on high and critical findings only' },
    { command: 'palisade audit --ruleset rules.v4 --ruleset rules.v6', says: 'audit saved files' },
  ],
  async run(context, input) {
    const host = await readHost(context, input, { software: true });
    if (!host.ok) return { kind: 'invalid', problems: host.problems };
    context.progress('auditing');
    const { audit: examine } = await import('../audit/index.ts');
    const report = examine(host.value);
    const value = reportToJson(host.value.name, host.value.readAt, report);
    const bar = severities.indexOf(input.failOn);
    if (report.findings.some((finding) => severities.indexOf(finding.severity) <= bar)) return { kind: 'found', value };
    return { kind: report.unknown.length > 0 ? 'unknown' : 'done', value };
  },
});
