import { closest } from '../../closest.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { type ConfigFile, orList } from './read.ts';
import { type ConfigKey, configSchema, type Settings, variableOf } from './schema.ts';

/** Where values come from, strongest first. */
export interface Sources {
  /** As given on the command line. */
  readonly flags: ConfigFile;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: ConfigFile;
}

export interface Settled {
  readonly settings: Settings;
  /** The settings that somebody said, so that a verb's own default holds for all others. */
  readonly said: ReadonlySet<ConfigKey>;
}

/** Variables that are ours and set no setting. */
const otherVariables = new Set(['PALISADE_CONFIG', 'PALISADE_DEBUG', 'PALISADE_OUTER_NETNS']);

/** Every setting's value: flag, else environment variable, else file, else default. */
export function settle({ flags, env, file }: Sources): Result<Settled> {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  const said = new Set<ConfigKey>();
  const keys = Object.keys(configSchema.shape) as ConfigKey[];
  for (const key of keys) {
    const variable = variableOf(key);
    const text = env[variable];
    const value = flags[key] ?? (text === undefined || text === '' ? file[key] : fromText(key, text));
    if (value === undefined) continue;
    const parsed = configSchema.shape[key].safeParse(value);
    if (parsed.success) {
      values[key] = parsed.data;
      said.add(key);
      continue;
    }
    const issue = parsed.error.issues[0];
    const hint =
      issue?.code === 'invalid_value'
        ? `write ${orList(issue.values.map(String))}`
        : key === 'port'
          ? 'write a whole number from 0 to 65535'
          : 'write a value, or leave it out';
    const where = flags[key] === undefined ? variable : `--${key}`;
    problems.push({
      code: flags[key] === undefined ? 'config-invalid' : 'usage',
      message: `${where} cannot be "${String(flags[key] ?? text)}"`,
      hint,
    });
  }
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('PALISADE_') || otherVariables.has(variable) || keys.some((key) => variableOf(key) === variable))
      continue;
    const near = closest(variable, [...otherVariables, ...keys.map(variableOf)]);
    if (near !== undefined)
      problems.push({ code: 'config-invalid', message: `${variable} is no setting`, hint: `did you mean ${near}?` });
  }
  return problems.length > 0 ? failed(...problems) : ok({ settings: configSchema.parse(values), said });
}

function fromText(key: ConfigKey, text: string): unknown {
  return key === 'port' && /^\d+$/.test(text) ? Number(text) : text;
}
