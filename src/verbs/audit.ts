import { z } from 'zod';
import { type Finding, severities } from '../audit/finding.ts';
import { readHost, readingInput } from './reading.ts';
import { scriptInput } from './script-flags.ts';
import { scriptPart } from './script-shape.ts';
import { auditReport, reportToJson } from './shapes.ts';
import { verb } from './verb.ts';

export const audit = verb({
  name: 'audit',
  group: 'look',
  summary: 'find what is wrong with the firewall, each claim with a packet that shows it',
  description: `Reads the firewall of both families and both backends, its sets and the host's facts, and checks them.
A finding about packets carries a witness: one concrete packet, what becomes of it, and the rule that decides.
What could not be read is listed as unknown and never counts as good.

--script audits a shell script or a pasted guide before it is run: its commands are followed in thought, one by one, from the live
rules, from those of --ruleset, or from empty tables with --fresh. It names the first command that would cut the SSH session of whoever
types it, whether a later one lets it through again or nobody gets in any more, and when the host stands more open than before and
behind. A session is watched in both directions, as connection tracking sees it. What the script leaves is audited as a host is, with lines of
the script; and the same change is printed as text for iptables-restore, which the kernel takes at once, with the rule that is missing if the
script would lock out its user. What only a running shell can tell is unknown, with its line.`,
  input: z.object({
    ...readingInput,
    ...scriptInput,
    failOn: z.enum(severities).default('low').describe('The mildest severity that makes the exit code 1'),
  }),
  output: auditReport.extend({ script: scriptPart.optional().describe('With --script: the way there, and a better one.') }),
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
    { command: 'palisade audit --script firewall.sh', says: 'would these commands cut me off, and what do they leave?' },
    { command: 'palisade audit --script guide.sh --fresh --peer 203.0.113.9', says: 'the same on a new host, for somebody else' },
  ],
  async run(context, input) {
    const bar = severities.indexOf(input.failOn);
    const isGrave = ({ severity }: Finding): boolean => severities.indexOf(severity) <= bar;
    const { script } = input;
    if (script !== undefined) {
      const { auditOfScript, isUnread } = await import('./script-audit.ts');
      const done = await auditOfScript(context, { ...input, script });
      if (!done.ok) return { kind: isUnread(done.problems) ? 'unread' : 'invalid', problems: done.problems };
      const { host, audited, part } = done.value;
      const value = { ...reportToJson(host.name, host.readAt, audited.report), script: part };
      if (audited.report.findings.some(isGrave)) return { kind: 'found', value };
      return { kind: audited.report.unknown.length > 0 ? 'unknown' : 'done', value };
    }
    if (input.fresh || input.peer !== undefined) {
      const message = `--${input.fresh ? 'fresh' : 'peer'} goes with --script`;
      return { kind: 'invalid', problems: [{ code: 'usage', message, hint: 'name the script, or leave it out' }] };
    }
    const host = await readHost(context, input, { software: true });
    if (!host.ok) return { kind: 'invalid', problems: host.problems };
    context.progress('auditing');
    const { audit: examine } = await import('../audit/index.ts');
    const report = examine(host.value);
    const value = reportToJson(host.value.name, host.value.readAt, report);
    if (report.findings.some(isGrave)) return { kind: 'found', value };
    return { kind: report.unknown.length > 0 ? 'unknown' : 'done', value };
  },
});
