import { type Host, hostFromFiles } from '../model/host/index.ts';
import type { Example } from './check.ts';
import { empty, oneLink } from './examples.ts';

/** The host that an example describes, read the same way as a user's files. */
export function exampleHost(example: Omit<Example, 'title' | 'finds' | 'unknown'>): Host {
  const families = [
    [4, example.v4],
    [6, example.v6],
  ] as const;
  const rulesets = families.flatMap(([family, text]) =>
    text === null ? [] : [{ file: `rules.v${family}`, family, text: text ?? empty }],
  );
  const read = hostFromFiles({
    rulesets,
    ...(example.sets === undefined ? {} : { sets: { file: 'sets', text: example.sets } }),
    facts: { file: 'facts.json', text: JSON.stringify(example.facts ?? oneLink) },
    readAt: (example.afterDays ?? 0) * 86_400_000,
  });
  if (!read.ok) throw new Error(read.problems.map(({ at, message }) => `${at?.file}:${at?.line}: ${message}`).join('\n'));
  return read.value;
}
