import { z } from 'zod';
import { closest } from '../../closest.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { configSchema, objectIn, unwrapped, wantedFor } from './schema.ts';

export const defaultConfigFile = '/etc/palisade/config.yaml';

/** What a configuration file says; what it leaves out is not there. */
export type ConfigFile = z.input<typeof configSchema>;

/**
 * Reads a configuration file's text. Each problem stands at its FILE:LINE:COLUMN. What the YAML parser only warns of
 * is a problem too: a file that may have been misunderstood configures nothing.
 *
 * @param schemaOf which schema what was said is held against; `wholly`: all of it, also what is within `alerts` and `reports`
 */
export async function readConfig(
  text: string,
  file: string,
  schemaOf: 'wholly' | ((said: object) => Promise<z.ZodObject>) = async () => configSchema,
): Promise<Result<ConfigFile>> {
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
  const said = document.toJS() as object;
  const schema = await (schemaOf === 'wholly' ? wholeFor : schemaOf)(said);
  const parsed = schema.safeParse(said);
  // Not with the defaults that Zod fills in: a file's own words must stay apart from them.
  if (parsed.success) return ok(said as ConfigFile);
  return failed(
    ...parsed.error.issues.flatMap((issue) => {
      const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => problem(keyAt(path, key), `"${namedBy([...path, key])}" is no setting`, meant(path, key)));
      if (issue.code === 'custom' && typeof issue.params?.['hint'] === 'string')
        return [problem(valueAt(path), issue.message, issue.params['hint'])];
      if (issue.code === 'invalid_key')
        return [
          problem(keyAt(path.slice(0, -1), String(path.at(-1))), `"${path.at(-1)}" is no name`, wantedFor(typeAt(path, true))),
        ];
      const isMissing = path.length > 0 && document.getIn(path) === undefined && !document.hasIn(path);
      const what = isMissing ? 'is missing' : 'has a value that it cannot have';
      return [problem(valueAt(path), `"${namedBy(path)}" ${what}`, wantedFor(typeAt(path)))];
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
    if (isWritten) return offsetOf(node);
    if (typeof last === 'string' && document.hasIn(path)) return keyAt(path.slice(0, -1), last);
    return path.length === 0 ? 0 : valueAt(path.slice(0, -1));
  }

  /** What is to stand there, or what it is to be called. */
  function typeAt(path: readonly (string | number)[], asName = false): z.ZodType {
    return path.reduce<z.ZodType>((type, part, at) => {
      const inner = unwrapped(type);
      if (inner instanceof z.ZodRecord) return (asName && at === path.length - 1 ? inner.keyType : inner.valueType) as z.ZodType;
      // One text of a list is told as the list is: it is what is written.
      if (typeof part === 'number') {
        const element = inner instanceof z.ZodArray ? (inner.element as z.ZodType) : inner;
        return objectIn(element) === null && at === path.length - 1 ? inner : element;
      }
      const object = inner instanceof z.ZodDiscriminatedUnion ? optionOf(inner, path.slice(0, at)) : objectIn(inner);
      return (object?.shape[part] as z.ZodType | undefined) ?? inner;
    }, schema);
  }

  /** The one of several shapes that what is written there names; where it names none, what it could name. */
  function optionOf(union: z.ZodDiscriminatedUnion, path: readonly (string | number)[]): z.ZodObject {
    const { discriminator } = union._zod.def;
    const named = document.getIn([...path, discriminator]);
    const options = union.options as readonly z.ZodObject[];
    const literals = options.map((option) => (option.shape[discriminator] as z.ZodLiteral).value);
    return (
      options.find((_, index) => literals[index] === named) ??
      z.object({ [discriminator]: z.enum(literals as [string, ...string[]]) })
    );
  }

  function meant(path: readonly (string | number)[], key: string): string {
    const type = unwrapped(typeAt(path));
    const object = type instanceof z.ZodDiscriminatedUnion ? optionOf(type, path) : objectIn(type);
    const keys = Object.keys(object?.shape ?? {});
    const near = closest(key, keys);
    return near === undefined ? `the settings are ${keys.join(', ')}` : `did you mean "${near}"?`;
  }
}

/** What channels and reporters can be told takes as long to load as a short command: only those look at it who need it, where it is said. */
async function wholeFor(said: object): Promise<z.ZodObject> {
  const keys = Object.keys(said);
  return keys.includes('alerts') || keys.includes('reports') ? (await import('./whole.ts')).wholeSchema : configSchema;
}

function offsetOf(node: unknown): number {
  return (node as { readonly range?: readonly number[] | null } | undefined)?.range?.[0] ?? 0;
}

/** Items of a list are named as the list is. */
function namedBy(path: readonly (string | number)[]): string {
  return path.filter((part) => typeof part === 'string').join('.');
}
