import { closest } from '../../closest.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { ConfigFile } from './read.ts';
import { type ConfigKey, configSchema, type Setting, type Settings, settings, typeOf, variableOf, wantedFor } from './schema.ts';

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

/** Values by key, those of nested settings within theirs. */
interface Values {
  [key: string]: unknown;
}

/** Every setting's value: flag, else environment variable, else file, else default. */
export function settle({ flags, env, file }: Sources): Result<Settled> {
  const problems: Problem[] = [];
  const values: Values = {};
  const said = new Set<ConfigKey>();
  for (const setting of settings) {
    const { path, type } = setting;
    const variable = variableOf(setting);
    const text = variable === null ? undefined : env[variable];
    const flag = valueAt(flags, path);
    const value = flag ?? (text === undefined || text === '' ? valueAt(file, path) : fromText(setting, text));
    if (value === undefined) continue;
    if (type.safeParse(value).success) {
      put(values, path, value);
      said.add(path[0] as ConfigKey);
      continue;
    }
    const where = flag === undefined ? (variable ?? path.join('.')) : `--${path.join('-')}`;
    problems.push({
      code: flag === undefined ? 'config-invalid' : 'usage',
      message: `${where} cannot be "${String(flag ?? text)}"`,
      hint: wantedFor(type),
    });
  }
  const variables = settings.flatMap((setting) => variableOf(setting) ?? []);
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('PALISADE_') || otherVariables.has(variable) || variables.includes(variable)) continue;
    const near = closest(variable, [...otherVariables, ...variables]);
    if (near !== undefined)
      problems.push({ code: 'config-invalid', message: `${variable} is no setting`, hint: `did you mean ${near}?` });
  }
  return problems.length > 0 ? failed(...problems) : ok({ settings: configSchema.parse(values), said });
}

function valueAt(of: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Values)[key] : undefined), of);
}

function put(values: Values, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const inner = (values[key] ?? {}) as Values;
  values[key] = inner;
  put(inner, rest, value);
}

/** A variable is text; what is no number, and neither true nor false, is refused as it stands. */
function fromText({ type }: Setting, text: string): unknown {
  const { type: kind } = typeOf(type);
  if (kind === 'integer' && /^\d+$/.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
