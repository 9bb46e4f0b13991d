import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { AcceptedRisk } from '../audit/accepted.ts';
import { checks } from '../audit/checks/index.ts';
import { mappedChecks } from '../audit/standards/index.ts';
import { closest } from '../closest.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';

/** Read where it exists, and only for the live host: other hosts' files have nothing to do with it. */
export const defaultAcceptedFile = '/etc/palisade/accepted.yaml';

const day = z.string().refine(isDay, { error: 'write a day as YYYY-MM-DD' });
const words = z.string({ error: 'write a text' }).trim().min(1, { error: 'write a text' });

const where = z.strictObject({
  family: z.union([z.literal(4), z.literal(6)], { error: 'write 4 or 6' }).optional(),
  table: words.optional(),
  chain: words.optional(),
  port: z
    .string({ error: 'write a port and its protocol, such as 8443/tcp' })
    .regex(/^\d{1,5}\/(tcp|udp|sctp|dccp|udplite)$/, { error: 'write a port and its protocol, such as 8443/tcp' })
    .optional(),
  finding: z
    .string({ error: 'write the fingerprint that a report shows, in quotes' })
    .regex(/^[0-9a-f]{8,16}$/, { error: 'write the fingerprint that a report shows, in quotes' })
    .optional(),
});

const entry = z.strictObject({
  check: z.string({ error: 'write the id of a check, such as FW-BASE-03' }),
  where: where.default({}),
  owner: words,
  reason: words,
  expires: day,
});

/** The file of accepted risks, as editors may know it. */
export const acceptedSchema = z.strictObject({ accepted: z.array(entry, { error: 'write a list of entries' }) });

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** The host's own file is read unasked: whoever else could write it could silence a finding. */
export async function isRootsAlone(file: string): Promise<Result<null>> {
  // What may not even be looked at, reading it will tell.
  const there = await stat(file).catch(() => null);
  if (there === null || (there.uid === 0 && (there.mode & 0o022) === 0)) return ok(null);
  return failed({
    code: 'accepted-invalid',
    at: { file },
    message: 'others than root could change this file, so that it accepts nothing',
    hint: `run \`chown root ${file}; chmod go-w ${file}\` once you have looked at it, or name it with --accepted`,
  });
}

/**
 * Reads the file of accepted risks. Each problem stands at its FILE:LINE:COLUMN, and what the YAML parser only warns of is one
 * too: a file that may have been misunderstood accepts nothing.
 */
export async function readAccepted(text: string, file: string): Promise<Result<readonly AcceptedRisk[]>> {
  const { isCollection, isMap, isNode, LineCounter, parseDocument, visit } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problem = (offset: number, message: string, hint: string): Problem => ({
    code: 'accepted-invalid',
    at: place(offset),
    message,
    hint,
  });
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) =>
    problem(pos[0], message.split('\n')[0]?.replace(/\.$/, '') ?? '', 'mend the YAML'),
  );
  if (broken.length > 0) return failed(...broken);
  // A file of comments only accepts nothing, which is fine.
  if (document.contents === null) return ok([]);
  /** The nearest node there is on the way to the value. */
  const offsetOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range != null) return node.range[0];
    }
    return 0;
  };
  const keyOffset = (path: readonly PropertyKey[], key: string): number => {
    const parent = path.length === 0 ? document.contents : document.getIn(path, true);
    const found = isCollection(parent) && isMap(parent) ? parent.items.find((pair) => String(pair.key) === key)?.key : undefined;
    return isNode(found) && found.range != null ? found.range[0] : offsetOf(path);
  };
  let plain: unknown;
  try {
    plain = document.toJS();
  } catch (error) {
    // Of an alias that leads nowhere, and of aliases of aliases that would fill the memory.
    if (!(error instanceof ReferenceError)) throw error;
    let offset: number | undefined;
    visit(document, {
      Alias(_, alias) {
        offset ??= alias.range?.[0];
        if (alias.resolve(document) !== undefined) return undefined;
        offset = alias.range?.[0];
        return visit.BREAK;
      },
    });
    return failed(problem(offset ?? 0, 'its aliases cannot be followed', 'write the values out instead of *NAME'));
  }
  const parsed = acceptedSchema.safeParse(plain);
  if (!parsed.success) {
    return failed(
      ...parsed.error.issues.flatMap((issue): readonly Problem[] => {
        if (issue.code !== 'unrecognized_keys') return [faultOf(issue, problem, offsetOf, document.hasIn(issue.path))];
        const known = keysAt(issue.path);
        return issue.keys.map((key) => {
          const near = closest(key, known);
          const hint = near === undefined ? `what there may be is ${known.join(', ')}` : `did you mean "${near}"?`;
          return problem(keyOffset(issue.path, key), `there is no "${key}" here`, hint);
        });
      }),
    );
  }
  const ids = new Set([...mappedChecks, ...checks.map(({ id }) => id)]);
  const unheard = parsed.data.accepted.flatMap(({ check }, index) => {
    if (ids.has(check)) return [];
    const near = closest(check, ids);
    const hint = near === undefined ? 'write the id of a finding, as palisade audit shows it' : `did you mean ${near}?`;
    return [problem(offsetOf(['accepted', index, 'check']), `there is no check "${check}"`, hint)];
  });
  if (unheard.length > 0) return failed(...unheard);
  return ok(parsed.data.accepted.map((one, index) => ({ ...one, at: place(offsetOf(['accepted', index])) })));
}

function faultOf(
  issue: z.core.$ZodIssue,
  problem: (offset: number, message: string, hint: string) => Problem,
  offsetOf: (path: readonly PropertyKey[]) => number,
  there: boolean,
): Problem {
  const key = issue.path.findLast((part) => typeof part === 'string');
  const offset = offsetOf(issue.path);
  if (key === undefined || typeof issue.path.at(-1) === 'number') {
    const hint = 'write "accepted:" and below it one entry each, with check, owner, reason and expires';
    return problem(offset, 'this is no entry of accepted risks', hint);
  }
  if (!there)
    return problem(offset, `"${key}" is missing`, 'say it: an accepted risk has a check, an owner, a reason and an expiry');
  return problem(offset, `"${key}" has a value that it cannot have`, issue.message);
}

function keysAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(acceptedSchema.shape);
  return Object.keys(path.at(-1) === 'where' ? where.shape : entry.shape);
}
