import { Readable } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { problemLine } from '../../result.ts';
import { chooseSources, lookForSources, openSource, type Source } from '../../watch/sources/index.ts';
import type { Settings } from '../config/index.ts';

/** The sources that the configuration names, or those that this machine has; and what of it is not read, and why. */
export function sourcesFor(
  { sources: said, 'trust-files': trustFiles }: Settings['watch'],
  nflogGroups: readonly number[],
  clock: Clock,
): { readonly sources: readonly Source[]; readonly notices: readonly string[] } {
  const choice = chooseSources(said, lookForSources(nflogGroups));
  if (!choice.ok) return { sources: [], notices: choice.problems.map(problemLine) };
  const { sources, notices } = choice.value;
  const hasStdin = sources.some(({ kind }) => kind === 'stdin');
  return {
    sources: sources
      .filter(({ kind }) => kind !== 'stdin')
      .map((chosen) => openSource(chosen, { clock, trustFiles, stdin: Readable.from([]) })),
    notices: hasStdin ? [...notices, 'stdin is not read: whoever watches has none; name a FIFO instead.'] : notices,
  };
}
