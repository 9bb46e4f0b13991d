import type { Ruleset } from '../model/ruleset/index.ts';
import type { Steps } from '../model/ruleset/script/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { type Reading, readHost, readText } from './reading.ts';
import { familyOf, knownRulesets } from './rulesets.ts';
import type { ScriptStepJson } from './script-step.ts';
import type { RulesetJson } from './shapes.ts';
import type { Context } from './verb.ts';

export interface Scripted {
  readonly report: RulesetJson & { readonly steps: ScriptStepJson[] };
  /** The texts that it leaves, IPv4 first. */
  readonly saves: string[];
  readonly problems: readonly Problem[];
  /** iptables would refuse a command, and nothing in the script expects it. */
  readonly refused: boolean;
}

/** What the commands of a script would leave, on an empty firewall or on that of `--ruleset`. Nothing is run. */
export async function followScript(
  context: Context,
  file: string,
  reading: Reading & { readonly table?: string | undefined },
): Promise<Result<Scripted>> {
  const text = await readText(context, file);
  if (!text.ok) return text;
  const start: { 4?: Ruleset; 6?: Ruleset } = {};
  const beside = reading.sets ?? reading.facts;
  if (beside !== undefined) {
    const hint = 'leave --sets and --facts out: they change no rules';
    return failed({ code: 'usage', message: '--script goes with --ruleset only', hint });
  }
  if (reading.ruleset.length > 0) {
    const host = await readHost(context, reading);
    if (!host.ok) return host;
    for (const ruleset of knownRulesets(host.value)) start[ruleset.family] = ruleset;
  }
  const { parseScript, runScript } = await import('../model/ruleset/script/index.ts');
  const script = parseScript(text.value, { file });
  if (!script.ok) return script;
  const run = runScript(script.value, { start, ...(reading.backend !== undefined && { backend: reading.backend }) });
  const used = ([4, 6] as const).map((family) => run.left[family]).filter((left) => left.used);
  const steps = run.steps.filter(({ statement }) => statement.text !== '');
  return ok({
    report: {
      host: file,
      readAt: context.clock.now() / 1000,
      countedAt: context.clock.now() / 1000,
      families: used.map(({ ruleset, lines }) => ({
        ...withLines(familyOf(ruleset, undefined), lines, reading.table),
        backend: run.backend,
      })),
      foreign: [],
      unknown: run.steps.flatMap(({ outcome, problem, statement }) =>
        outcome === 'not-understood' && problem !== null
          ? [{ what: `line ${statement.line}, ${statement.text}`, why: problem.message, remedy: problem.hint }]
          : [],
      ),
      steps: steps.map(stepToJson),
    },
    saves: used.map(({ ruleset }) => ruleset.text),
    problems: run.steps.flatMap(({ outcome, problem }) => (outcome === 'not-understood' && problem !== null ? [problem] : [])),
    refused: run.steps.some(({ outcome, expected }) => outcome === 'failed' && !expected),
  });
}

function stepToJson({ statement, outcome, problem, expected, rules }: Steps['steps'][number]): ScriptStepJson {
  return {
    line: statement.line,
    command: statement.text,
    about: statement.kind === 'sets' ? 'sets' : outcome === 'passed-over' ? 'other' : 'rules',
    ok: outcome === 'done' ? true : outcome === 'failed' ? false : null,
    outcome,
    expected,
    ...(problem !== null && { problem: { message: problem.message, hint: problem.hint } }),
    rules: { ...rules },
  };
}

/** The rules with the lines of the script that made them; those from before keep the line of the text that is left. */
function withLines(
  family: RulesetJson['families'][number],
  lines: readonly (number | null)[],
  only: string | undefined,
): RulesetJson['families'][number] {
  let next = 0;
  const tables = family.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.map((rule) => {
        const line = lines[next] ?? rule.line;
        next += 1;
        return { ...rule, line };
      }),
    })),
  }));
  return { ...family, tables: tables.filter(({ name }) => only === undefined || name === only) };
}
