import type { z } from 'zod';
import { closest } from '../../closest.ts';
import type { Problem } from '../../result.ts';
import type { Document, Path } from './document.ts';
import { policySchema } from './schema.ts';

/** What is wrong with the shape of a policy, each at its place. */
export function shapeProblems(error: z.ZodError, document: Document): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, [], document));
}

function problemsOf(issue: z.core.$ZodIssue, below: Path, document: Document): readonly Problem[] {
  const path = [...below, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    return issue.keys.map((key) => {
      const near = closest(key, known);
      return {
        code: 'policy-invalid',
        at: document.place([...path, key], 'key'),
        message: `"${key}" means nothing here`,
        hint: near === undefined ? `write one of ${known.join(', ')}` : `did you mean "${near}"?`,
      };
    });
  }
  if (issue.code === 'invalid_union') {
    // Of the forms that a value may have, that which it has in outline says most.
    const outlined = issue.errors.filter((ofForm) =>
      ofForm.every(({ path: within, code }) => within.length > 0 || code === 'unrecognized_keys'),
    );
    const [nearest] = outlined.sort((left, right) => left.length - right.length);
    if (nearest !== undefined) return nearest.flatMap((inner) => problemsOf(inner, path, document));
  }
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues;
    return [problem(path, 'key', `"${String(path.at(-1))}" cannot be a name`, inner?.message ?? 'choose another')];
  }
  const hint = /^write /.test(issue.message)
    ? issue.message
    : issue.code === 'invalid_type'
      ? `write ${typeWord(issue.expected)}`
      : 'write another value';
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  const last = path.at(-1);
  if (path.length === 1 && last === 'palisade')
    return [problem([], 'value', 'the policy does not say "palisade: 1"', 'begin it with that line')];
  if (missing && last !== undefined) return [problem(path, 'value', `"${last}" is missing`, hint)];
  return [
    problem(path, 'value', last === undefined ? 'this is not a policy' : `${saidOf(path)} has a value that it cannot have`, hint),
  ];

  function problem(at: Path, of: 'key' | 'value', message: string, wanted: string): Problem {
    return { code: 'policy-invalid', at: document.place(at, of), message, hint: wanted };
  }
}

/** A place in a list has no name of its own. */
function saidOf(path: Path): string {
  const named = path.findLast((part) => typeof part === 'string');
  return typeof path.at(-1) === 'number' ? `an entry of "${named}"` : `"${named}"`;
}

function typeWord(expected: string): string {
  return expected === 'object' ? 'key: value pairs' : expected === 'array' ? 'a list' : `a ${expected}`;
}

/** Keys that a place of a policy may have. */
function keysAt(path: Path): readonly string[] {
  let at: unknown = policySchema;
  for (const part of path) {
    at = typeof part === 'number' ? elementOf(at) : memberOf(at, part);
    if (at === undefined) return [];
  }
  return keysOf(at);
}

interface Inner {
  readonly def: {
    readonly type: string;
    readonly innerType?: unknown;
    readonly getter?: () => unknown;
    readonly element?: unknown;
    readonly shape?: Readonly<Record<string, unknown>>;
    readonly options?: readonly unknown[];
    readonly valueType?: unknown;
  };
}

/** Past defaults and the like. */
function bare(schema: unknown): Inner {
  let at = schema as Inner;
  while (at.def.innerType !== undefined) at = at.def.innerType as Inner;
  return at.def.getter === undefined ? at : bare(at.def.getter());
}

function elementOf(schema: unknown): unknown {
  const at = bare(schema);
  if (at.def.type === 'union') return at.def.options?.map(elementOf).find((one) => one !== undefined);
  return at.def.element;
}

function memberOf(schema: unknown, key: string): unknown {
  const at = bare(schema);
  if (at.def.type === 'union') return at.def.options?.map((one) => memberOf(one, key)).find((one) => one !== undefined);
  return at.def.type === 'record' ? at.def.valueType : at.def.shape?.[key];
}

function keysOf(schema: unknown): readonly string[] {
  const at = bare(schema);
  if (at.def.type === 'union') return at.def.options?.flatMap(keysOf) ?? [];
  return Object.keys(at.def.shape ?? {});
}
