import type { z } from 'zod';
import { closest } from '../../closest.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { configSchema, objectIn, wantedFor } from './schema.ts';

export const defaultConfigFile = '/etc/palisade/config.yaml';

/** What a configuration file says; what it leaves out is not there. */
export type ConfigFile = z.input<typeof configSchema>;

/**
 * Reads a configuration file's text. Each problem stands at its FILE:LINE:COLUMN. What the YAML parser only warns of
 * is a problem too: a file that may have been misunderstood configures nothing.
 */
export async function readConfig(text: string, file: string): Promise<Result<ConfigFile>> {
  const { isCollection, isMap, isScalar, LineCounter, parseDocument } = await import('yaml');
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
  const said: unknown = document.toJS();
  const parsed = configSchema.safeParse(said);
  // Not with the defaults that Zod fills in: a file's own words must stay apart from them.
  if (parsed.success) return ok(said as ConfigFile);
  return failed(
    ...parsed.error.issues.flatMap((issue) => {
      const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) =>
          problem(keyAt(path, key), `"${[...path, key].join('.')}" is no setting`, meant(path, key)),
        );
      return [problem(valueAt(path), `"${namedBy(path)}" has a value that it cannot have`, wantedFor(typeAt(path)))];
    }),
  );

  function keyAt(path: readonly (string | number)[], key: string): number {
    const map = path.length === 0 ? document.contents : document.getIn(path, true);
    const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key) : undefined;
    return offsetOf(pair?.key);
  }

  /** Where the value begins; of one that is not written, where its key does. */
  function valueAt(path: readonly (string | number)[]): number {
    const node: unknown = document.getIn(path, true);
    const isWritten = (isScalar(node) && (node.value !== null || node.source !== '')) || isCollection(node);
    const last = path.at(-1);
    return isWritten || typeof last !== 'string' ? offsetOf(node) : keyAt(path.slice(0, -1), last);
  }
}

function offsetOf(node: unknown): number {
  return (node as { readonly range?: readonly number[] | null } | undefined)?.range?.[0] ?? 0;
}

/** Items of a list are named as the list is. */
function namedBy(path: readonly (string | number)[]): string {
  return path.filter((part) => typeof part === 'string').join('.');
}

function typeAt(path: readonly (string | number)[]): z.ZodType {
  let type: z.ZodType = configSchema;
  for (const part of path) {
    const next = typeof part === 'string' ? objectIn(type)?.shape[part] : undefined;
    if (next !== undefined) type = next as z.ZodType;
  }
  return type;
}

function meant(path: readonly (string | number)[], key: string): string {
  const keys = Object.keys(objectIn(typeAt(path))?.shape ?? {});
  const near = closest(key, keys);
  return near === undefined ? `the settings are ${keys.join(', ')}` : `did you mean "${near}"?`;
}
