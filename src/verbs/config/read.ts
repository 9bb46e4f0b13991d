import type { z } from 'zod';
import { closest } from '../../closest.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { configSchema, type Settings } from './schema.ts';

export const defaultConfigFile = '/etc/palisade/config.yaml';

/** What a configuration file says; what it leaves out is not there. */
export type ConfigFile = { readonly [K in keyof Settings]?: Settings[K] | undefined };

/**
 * Reads a configuration file's text. Each problem stands at its FILE:LINE:COLUMN. What the YAML parser only warns of
 * is a problem too: a file that may have been misunderstood configures nothing.
 */
export async function readConfig(text: string, file: string): Promise<Result<ConfigFile>> {
  const { isMap, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = (offset: number, message: string, hint: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { code: 'config-invalid', at: { file, line: Math.max(line, 1), column: Math.max(col, 1) }, message, hint };
  };
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) =>
    problem(pos[0], message.split('\n')[0]?.replace(/\.$/, '') ?? '', 'mend the YAML'),
  );
  if (broken.length > 0) return failed(...broken);
  // A file of comments only says nothing, which is fine.
  if (document.contents === null) return ok({});
  if (!isMap(document.contents)) {
    return failed(
      problem(
        document.contents.range?.[0] ?? 0,
        'this is not a configuration',
        'write one "key: value" a line, such as "port: 7272"',
      ),
    );
  }
  const parsed = configSchema.partial().safeParse(document.toJS());
  if (parsed.success) {
    // Zod fills in defaults; a file's own words must stay apart from them.
    const said = new Set(Object.keys(document.toJS()));
    return ok(Object.fromEntries(Object.entries(parsed.data).filter(([key]) => said.has(key))));
  }
  const { items } = document.contents;
  const spot = (key: PropertyKey | undefined, of: 'key' | 'value'): number => {
    const pair = items.find((item) => String(item.key) === key);
    const node = (of === 'value' ? (pair?.value ?? pair?.key) : pair?.key) as { range?: readonly number[] } | undefined;
    return node?.range?.[0] ?? 0;
  };
  return failed(
    ...parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => problem(spot(key, 'key'), `"${key}" is no setting`, meant(key)))
        : [
            problem(
              spot(issue.path[0], 'value'),
              `"${issue.path.join('.')}" has a value that it cannot have`,
              wanted(String(issue.path[0]), issue),
            ),
          ],
    ),
  );
}

function meant(key: string): string {
  const keys = Object.keys(configSchema.shape);
  const near = closest(key, keys);
  return near === undefined ? `the settings are ${keys.join(', ')}` : `did you mean "${near}"?`;
}

/** What may be written instead, from the schema's own words. */
function wanted(key: string, issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `write ${orList(issue.values.map(String))}`;
  if (key === 'port') return 'write a whole number from 0 to 65535';
  return `write ${issue.code === 'invalid_type' ? `a ${issue.expected}` : 'another value'}`;
}

export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
