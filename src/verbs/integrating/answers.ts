import { z } from 'zod';
import { closest } from '../../closest.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { IntegrateJson } from '../integrate-shape.ts';
import { integrations } from './index.ts';
import type { Integration } from './integration.ts';

/** What `--set` says, over what the configuration says, over what holds by itself. */
export async function answersOf(integration: Integration, said: readonly string[], settings: object): Promise<Result<never>> {
  const keys = Object.keys(integration.answers.shape);
  const given: Record<string, unknown> = Object.fromEntries(
    Object.entries(reportsOf(settings, integration.name)).filter(
      ([key, value]) => keys.includes(key) && ['string', 'number', 'boolean'].includes(typeof value),
    ),
  );
  const problems: Problem[] = [];
  for (const word of said) {
    const at = word.indexOf('=');
    const key = at < 0 ? word : word.slice(0, at);
    if (at < 0) problems.push(usage(`--set ${word} says nothing`, `write --set ${word}=VALUE`));
    else if (!keys.includes(key)) problems.push(unknownKey(integration, key, keys));
    else given[key] = word.slice(at + 1);
  }
  if (problems.length > 0) return failed(...problems);
  const read = integration.answers.safeParse(given);
  if (read.success) return ok(read.data as never);
  return failed(
    ...read.error.issues.map(({ path, message }) =>
      usage(
        `${path.join('.')} cannot be so: ${message.replace(/\.$/, '')}`,
        `palisade integrate lists what ${integration.name} can be told`,
      ),
    ),
  );
}

function reportsOf(settings: object, name: string): object {
  const { reports } = settings as { readonly reports?: Readonly<Record<string, unknown>> };
  const found = reports?.[name];
  return typeof found === 'object' && found !== null ? found : {};
}

function unknownKey({ name }: Integration, key: string, keys: readonly string[]): Problem {
  const near = closest(key, keys);
  const all = keys.length === 0 ? 'leave it out' : `it can be told ${keys.join(', ')}`;
  return usage(`${name} cannot be told ${key}`, near === undefined ? all : `did you mean ${near}?`);
}

function usage(message: string, hint: string): Problem {
  return { code: 'usage', message, hint };
}

/** All integrations, with what each can be told. */
export async function listed(): Promise<IntegrateJson['integrations']> {
  const all = await Promise.all(Object.values(integrations).map((load) => load()));
  return all.map(({ name, summary, answers }) => {
    const { properties = {} } = z.toJSONSchema(answers, { io: 'input', unrepresentable: 'any' }) as {
      properties?: Record<string, { readonly description?: string; readonly default?: unknown }>;
    };
    return {
      name,
      summary,
      answers: Object.entries(properties).map(([key, { description = '', default: fallback }]) => ({
        key,
        says: description,
        default: fallback === undefined ? null : String(fallback),
      })),
    };
  });
}
