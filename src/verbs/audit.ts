import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { AcceptedRisk } from '../audit/accepted.ts';
import { type Finding, severities } from '../audit/finding.ts';
import { ok, type Problem, type Result } from '../result.ts';
import { auditAnswer } from './audit-shape.ts';
import type { Proving } from './proof/index.ts';
import { proveInput, readHostAndSets, readingInput, readText } from './reading.ts';
import { scriptInput } from './script-flags.ts';
import type { ProofJson } from './shapes.ts';
import { type Context, verb } from './verb.ts';

export const audit = verb({
  name: 'audit',
  group: 'look',
  summary: 'find what is wrong with the firewall, each claim with a packet that shows it',
  description: `Reads the firewall of both families and both backends, its sets and the host's facts, and checks them.
A finding about packets carries a witness: one concrete packet, what becomes of it, and the rule that decides.
What could not be read is listed as unknown and never counts as good.

--format writes the same as SARIF, JUnit XML, HTML, Markdown, CSV or JSON: one format a run, on standard output, or into the file of
--output while the terminal shows the text. Every format names the host, its kernel, the time in UTC, palisade's version and the SHA-256 of
each ruleset as it was read. A cell of the CSV that a spreadsheet would take for a formula begins with a single quote. In JUnit a check
that could not be answered is an error, and only findings as grave as --fail-on are failures.

--profile says for whom the audit is. cis and stig ask the checks that those standards ask for, pci asks all of them; each lists its
controls one by one. container-host and router weigh what such machines do on purpose less, and what they must not do more.

--accepted names a YAML file of findings that somebody answers for: a list "accepted:" of entries with check, owner, reason and expires
(a day, the last on which it holds), and where to narrow them: family, table, chain, port (8443/tcp) or finding (the fingerprint of one
finding). They are listed apart, and neither lower the score nor make the exit code 1. An entry that has expired or fits nothing is told.
Without the flag the file /etc/palisade/accepted.yaml is read if this host is audited and has it.

--prove sends each witness through the rules on the running kernel, in a throw-away namespace, and says what it did. A finding that
the kernel contradicts is a fault of palisade: it is said as such, and the exit code is 3.

--script audits a shell script or a pasted guide before it is run: its commands are followed in thought, one by one, from the live
rules, from those of --ruleset, or from empty tables with --fresh. It names the first command that would cut the SSH session of whoever
types it, whether a later one lets it through again or nobody gets in any more, and when the host stands more open than before and
behind. A session is watched in both directions, as connection tracking sees it. What the script leaves is audited as a host is, with lines of
the script; and the same change is printed as text for iptables-restore, which the kernel takes at once, with the rule that is missing if the
script would lock out its user. What only a running shell can tell is unknown, with its line.`,
  input: z.object({
    ...readingInput,
    ...scriptInput,
    prove: proveInput,
    fixes: z
      .boolean()
      .default(false)
      .describe('Work out what each fix would do: whether it mends, and what it opens, closes and cuts'),
    failOn: z.enum(severities).default('low').describe('The mildest severity that makes the exit code 1'),
    format: z
      .enum(['text', 'json', 'sarif', 'junit', 'html', 'markdown', 'csv'])
      .default('text')
      .describe('How to write the report'),
    output: z
      .string()
      .optional()
      .describe('Write the report of --format into this file, and show the text')
      .meta({ value: 'FILE', path: true }),
    profile: z
      .enum(['default', 'cis', 'pci', 'stig', 'container-host', 'router'])
      .default('default')
      .describe('For whom the audit is'),
    accepted: z.string().optional().describe('Findings that somebody answers for, as YAML').meta({ value: 'FILE', path: true }),
  }),
  output: auditAnswer,
  streams: false,
  exits: {
    0: 'no finding at or above --fail-on',
    1: 'at least one finding at or above --fail-on',
    2: 'a file or flag could not be read, or the file of --output not be written',
    3: 'no such finding, but something could not be determined',
  },
  examples: [
    { command: 'palisade audit', says: 'audit this host' },
    { command: 'palisade audit --fail-on high --json', says: 'for a pipeline: fail on high and critical findings only' },
    { command: 'palisade audit --fixes --fail-on high', says: 'before you paste a fix: what it opens and closes' },
    { command: 'palisade audit --prove', says: 'each claim with what the kernel did' },
    { command: 'palisade audit --ruleset rules.v4 --ruleset rules.v6', says: 'audit saved files' },
    { command: 'palisade audit --script firewall.sh', says: 'would these commands cut me off, and what do they leave?' },
    { command: 'palisade audit --script guide.sh --fresh --peer 203.0.113.9', says: 'the same on a new host, for somebody else' },
    { command: 'palisade audit --format sarif --output audit.sarif', says: 'for code scanning, with the text in the log' },
    { command: 'palisade audit --profile cis --format html > audit.html', says: 'a page for auditors, control by control' },
  ],
  async run(context, input) {
    if (input.output !== undefined && input.format === 'text') {
      const hint = 'add --format html or another, or send the text to a file with >';
      return { kind: 'invalid', problems: [{ code: 'usage', message: '--output needs a --format', hint }] };
    }
    const risks = await acceptedRisks(context, input);
    if (!risks.ok) return { kind: 'invalid', problems: risks.problems };
    const { reported } = await import('./audit-report.ts');
    const { profiles } = await import('../audit/profiles/index.ts');
    const profile = profiles[input.profile];
    const { script } = input;
    if (script !== undefined) {
      if (input.prove)
        return {
          kind: 'invalid',
          problems: [
            {
              code: 'usage',
              message: '--prove does not go with --script',
              hint: 'a script is not loaded; prove what it leaves once it has run',
            },
          ],
        };
      const { auditOfScript, isUnread } = await import('./script-audit.ts');
      const done = await auditOfScript(context, { ...input, script }, profile);
      if (!done.ok) return { kind: isUnread(done.problems) ? 'unread' : 'invalid', problems: done.problems };
      const { audited, part } = done.value;
      return await reported(context, input, risks.value, audited.subject.after, audited.report, { script: part });
    }
    if (input.fresh || input.peer !== undefined) {
      const message = `--${input.fresh ? 'fresh' : 'peer'} goes with --script`;
      return { kind: 'invalid', problems: [{ code: 'usage', message, hint: 'name the script, or leave it out' }] };
    }
    const read = await readHostAndSets(context, input, { software: true });
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const { host } = read.value;
    context.progress('auditing');
    const { audit: examine } = await import('../audit/index.ts');
    const report = examine(host, profile);
    const mendings = input.fixes ? await (await import('./mending.ts')).mendingsOf(host, report.findings) : new Map();
    if (!input.prove) return await reported(context, input, risks.value, host, report, { mendings });
    const { proofs, faults } = await proofsOf(context, { ...read.value, backend: input.backend }, report.findings);
    return await reported(context, input, risks.value, host, report, { proofs, faults, mendings });
  },
});

/** The risks of the file that was named, or of the host's own. */
async function acceptedRisks(
  context: Context,
  input: { readonly accepted?: string | undefined; readonly ruleset: readonly string[]; readonly fresh: boolean },
): Promise<Result<readonly AcceptedRisk[]>> {
  const { defaultAcceptedFile, isRootsAlone, readAccepted } = await import('./accepted.ts');
  const file = input.accepted ?? defaultAcceptedFile;
  if (input.accepted === undefined) {
    // A new host has accepted nothing yet.
    if (input.fresh || input.ruleset.length > 0 || !(await exists(file))) return ok([]);
    const trusted = await isRootsAlone(file);
    if (!trusted.ok) return trusted;
  }
  const text = await readText(context, file);
  return text.ok ? readAccepted(Buffer.from(text.value, 'latin1').toString('utf8'), file) : text;
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ENOTDIR';
  }
}

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
