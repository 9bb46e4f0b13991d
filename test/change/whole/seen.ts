import type { Namespace } from '../../../src/kernel/index.ts';
import { tool } from '../changing.fixture.ts';

/** All that a host's own tools say of its rules and sets. */
export interface Seen {
  /** Both backends and families, with counters, without comments; tables by name, since in which order they stand says nothing. */
  readonly rules: string;
  /** Lines of sets, sorted. */
  readonly sets: readonly string[];
}

export async function seen(ns: Namespace, { counters = true } = {}): Promise<Seen> {
  const texts: string[] = [];
  for (const backend of ['nft', 'legacy'])
    for (const name of ['iptables', 'ip6tables']) {
      const text = (await tool(ns, [`${name}-${backend}-save`, '-c'])).replace(/^#.*\n/gm, '');
      const said = counters ? text : text.replace(/^\[\d+:\d+\] /gm, '').replace(/ \[\d+:\d+\]$/gm, '');
      const tables = said.split(/^(?=\*)/m).filter((table) => !isOpen(table));
      texts.push(`# ${name}-${backend}\n`, ...tables.toSorted());
    }
  const saved = await tool(ns, ['ipset', 'save']);
  return {
    rules: texts.join(''),
    sets: saved
      .split('\n')
      .filter((line) => line !== '')
      .toSorted(),
  };
}

/** As good as no table: legacy ones never go. */
function isOpen(table: string): boolean {
  return table
    .split('\n')
    .every((line) => line === '' || line === 'COMMIT' || line.startsWith('*') || / ACCEPT(?: \[0:0\])?$/.test(line));
}

/**
 * What differs, byte by byte; members of sets may have so many seconds less left than they had, as `ipset save` tells only whole seconds: one more.
 * `null`: the time that is left says nothing.
 */
export function unlike(before: Seen, after: Seen, secondsLess: number | null): readonly string[] {
  const wrong: string[] = [];
  if (before.rules !== after.rules) wrong.push(`rules: ${differing(before.rules.split('\n'), after.rules.split('\n'))}`);
  const [old, now] = [before, after].map(({ sets }) => new Map(sets.map((line) => [untimed(line), leftIn(line)])));
  const [one = new Map(), other = new Map()] = [old, now] as const;
  if ([...one.keys()].toSorted().join('\n') !== [...other.keys()].toSorted().join('\n'))
    wrong.push(`sets: ${differing([...one.keys()], [...other.keys()])}`);
  else if (secondsLess !== null)
    for (const [line, left] of one) {
      const is = other.get(line) ?? 0;
      if (is > left || is < left - secondsLess - 1) wrong.push(`${line} had ${left} seconds left, and now has ${is}`);
    }
  return wrong;
}

function untimed(line: string): string {
  return line.replace(/^(add [^"]* timeout) \d+/, '$1');
}

function leftIn(line: string): number {
  return Number(/^add [^"]* timeout (\d+)/.exec(line)?.[1] ?? 0);
}

export function differing(one: readonly string[], other: readonly string[]): string {
  const [left, right] = [new Set(one), new Set(other)];
  const lines = [
    ...one.filter((line) => !right.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !left.has(line)).map((line) => `+ ${line}`),
  ];
  return lines.length === 0 ? 'the same lines in another order' : lines.slice(0, 12).join('\n');
}
