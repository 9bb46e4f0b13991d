import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Document, Path } from './document.ts';

/** Lists stand one behind another, in the order of the files. */
const lists: ReadonlySet<string> = new Set(['incoming', 'outgoing', 'forwarded', 'docker', 'iptables', 'tests']);
/** What has names is put together; a name stands in one of them. */
const named: ReadonlySet<string> = new Set(['sets', 'services', 'interfaces']);

interface Entry {
  readonly document: Document;
  /** Where it stands in its own document. */
  readonly path: Path;
}

/**
 * Several files of one policy as one document: rules behind rules, sets beside sets; everything else is said in one of them. Each begins
 * with `palisade: 1`. What a value says, and where it stands, is asked of the file that it came from.
 */
export function joinDocuments(documents: readonly Document[]): Result<Document> {
  const problems: Problem[] = [];
  const say = ({ document, path }: Entry, message: string, hint: string): void => {
    problems.push({ code: 'policy-invalid', at: document.place(path, path.length === 0 ? 'value' : 'key'), message, hint });
  };
  const value: Record<string, unknown> = {};
  /** By key and, below lists and names, by place: where a value came from. */
  const from = new Map<string, Entry>();
  for (const document of documents) {
    const whole = { document, path: [] };
    if (typeof document.value !== 'object' || document.value === null || Array.isArray(document.value)) {
      say(whole, 'this is not a policy', 'begin it with "palisade: 1"');
      continue;
    }
    const said = document.value as Record<string, unknown>;
    if (!('palisade' in said)) say(whole, 'this file does not say that it is a policy', 'begin it with "palisade: 1"');
    for (const [key, one] of Object.entries(said)) {
      const entry = { document, path: [key] };
      const before = from.get(key);
      if (before === undefined || (key === 'palisade' && value[key] === one)) {
        from.set(key, before ?? entry);
        value[key] ??= Array.isArray(one) ? [] : isMapping(one) && named.has(key) ? {} : one;
      } else if (!(lists.has(key) && Array.isArray(one)) && !(named.has(key) && isMapping(one))) {
        say(entry, `${key} is said in ${before.document.place(before.path, 'key').file} already`, 'say it in one of them');
        continue;
      }
      const all = value[key];
      if (Array.isArray(one) && Array.isArray(all) && lists.has(key))
        for (const [index, item] of one.entries()) {
          from.set(placeOf(key, all.length), { document, path: [key, index] });
          all.push(item);
        }
      else if (isMapping(one) && isMapping(all) && named.has(key))
        for (const [name, item] of Object.entries(one)) {
          const earlier = from.get(placeOf(key, name));
          const here = { document, path: [key, name] };
          if (earlier !== undefined)
            say(
              here,
              `${name} stands in ${earlier.document.place(earlier.path, 'key').file} already`,
              'give one of them another name',
            );
          from.set(placeOf(key, name), here);
          all[name] = item;
        }
      else value[key] = one;
    }
  }
  if (problems.length > 0) return failed(...problems);
  return ok({
    value,
    place(path, of) {
      const [key, below, ...rest] = path;
      const entry = below === undefined ? undefined : from.get(placeOf(String(key), below));
      if (entry !== undefined) return entry.document.place([...entry.path, ...rest], of);
      const owner = (key === undefined ? undefined : from.get(String(key)))?.document ?? documents[0];
      if (owner === undefined) throw new Error('a policy without files');
      return owner.place(path, of);
    },
  });
}

function placeOf(key: string, below: string | number): string {
  return `${key}\0${below}`;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
