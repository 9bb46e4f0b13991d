import { dirname, join, normalize } from 'node:path';

/** One row of the table in ARCHITECTURE.md. */
export interface Row {
  readonly folder: string;
  readonly may: readonly { readonly folder: string; readonly typesOnly: boolean }[];
}

/** A file below src/, by its path there. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** Files at the top of src/ that every folder may import. */
const common = new Set(['result.ts', 'clock.ts', 'closest.ts']);
const pure = [
  'model',
  'analysis',
  'audit',
  'policy',
  'watch/events',
  'watch/incidents',
  'watch/detect',
  'watch/bans',
  'watch/host',
  'monitor/state',
  'monitor/checks',
  'alert/routes',
];
const impureModules = /^node:(fs|child_process|net|dgram|http|https|tls|dns|os|process|crypto|worker_threads|timers)(\/|$)/;
const impureWords = ['Date.now', 'new Date()', 'Math.random', 'performance.now', 'process.env', 'setTimeout'];

export function table(markdown: string): Row[] {
  const rows = [...markdown.matchAll(/^\| `([^`]+)` \|[^|]*\| ([^|]*) \|$/gm)].map(([, folder, may]) => ({
    folder: folder ?? '',
    may: (may ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '–')
      .map((part) => ({ folder: part.replace(' (types only)', ''), typesOnly: part.endsWith('(types only)') })),
  }));
  if (rows.length < 10) throw new Error('ARCHITECTURE.md has no table of folders');
  return rows;
}

/** Everything in which the sources disagree with the table, one line each. */
export function faults(rows: readonly Row[], sources: readonly Source[]): string[] {
  const found: string[] = [];
  const imports = new Map<string, string[]>();
  for (const { path, text } of sources) {
    if (path.endsWith('/index.ts') && !hasHeader(text)) found.push(`${path}: opens without a header of 3 to 10 lines`);
    const row = rowOf(rows, path);
    const isPure = pure.some((folder) => within(path, folder));
    const code = withoutComments(text);
    if (isPure) for (const word of impureWords) if (code.includes(word)) found.push(`${path}: a pure folder uses ${word}`);
    for (const { from, typesOnly } of importsOf(code)) {
      if (isPure && impureModules.test(from)) found.push(`${path}: a pure folder imports ${from}`);
      else if (/^(node:child_process|koffi)$/.test(from) && !within(path, 'kernel'))
        found.push(`${path}: only kernel may import ${from}`);
      if (!from.startsWith('.')) continue;
      const target = normalize(join(dirname(path), from));
      // Types bind no code together, so they close no cycle.
      if (!typesOnly) imports.set(path, [...(imports.get(path) ?? []), target]);
      if (target.startsWith('..') || common.has(target)) continue;
      const engine = ['analysis/space', 'analysis/symbolic', 'analysis/answers'].find((room) => within(target, room));
      if (within(path, 'analysis/evaluate') && engine !== undefined) {
        found.push(`${path}: the interpreter may not import ${engine}`);
      }
      const there = rowOf(rows, target);
      if (row === undefined || there === undefined) {
        found.push(`${path}: ${row === undefined ? path : target} is in no folder of the table`);
        continue;
      }
      if (there.folder === row.folder || within(row.folder, there.folder)) continue;
      const allowed = row.may.find((may) => within(target, may.folder));
      if (allowed === undefined) found.push(`${path}: ${row.folder} may not import ${there.folder} (${from})`);
      else if (allowed.typesOnly && !typesOnly)
        found.push(`${path}: ${row.folder} may import only types of ${there.folder} (${from})`);
    }
  }
  return [...found, ...cycles(imports)];
}

/** The most exact row that holds the path. */
function rowOf(rows: readonly Row[], path: string): Row | undefined {
  return rows.filter((row) => within(path, row.folder)).sort((a, b) => b.folder.length - a.folder.length)[0];
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function hasHeader(text: string): boolean {
  const comment = /^(?:\/\*\*([\s\S]*?)\*\/|((?:\/\/.*\n)+))/.exec(text);
  if (comment === null) return false;
  const lines = comment[0].trimEnd().split('\n').length;
  return lines >= 3 && lines <= 10;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Files that are loaded with one, at once: what stands in `import()` waits until it is asked for. */
export function loadedWith(entry: string, sources: readonly Source[]): ReadonlySet<string> {
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  const loaded = new Set<string>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    for (const { from, typesOnly, dynamic } of importsOf(withoutComments(texts.get(path) ?? '')))
      if (from.startsWith('.') && !typesOnly && !dynamic) queue.push(normalize(join(dirname(path), from)));
  }
  return loaded;
}

function importsOf(code: string): { from: string; typesOnly: boolean; dynamic: boolean }[] {
  const statements = [...code.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:([^'";]*?)\sfrom\s+)?['"]([^'"]+)['"]/g)].map(
    ([, type, names, from]) => ({
      from: from ?? '',
      dynamic: false,
      typesOnly: type !== undefined || (names !== undefined && /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(names.trim())),
    }),
  );
  const dynamic = [...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)].map(([, from]) => ({
    from: from ?? '',
    typesOnly: false,
    dynamic: true,
  }));
  return [...statements, ...dynamic];
}

/** One line for every file that can reach itself through imports, by the first step of the shortest way. */
function cycles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  for (const [start, targets] of imports) {
    for (const first of targets) {
      const seen = new Set<string>();
      const queue = [first];
      while (queue.length > 0) {
        const path = queue.pop() ?? '';
        if (path === start) {
          found.push(`${start}: imports itself by way of ${first}`);
          break;
        }
        if (seen.has(path)) continue;
        seen.add(path);
        queue.push(...(imports.get(path) ?? []));
      }
    }
  }
  return found;
}
