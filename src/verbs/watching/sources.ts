import { failed, ok, type Problem, type Result } from '../../result.ts';
import { openFile, openKmsg, openNflog, type Source } from '../../watch/sources/index.ts';
import type { Settings } from '../config/index.ts';

/** The sources that the configuration names, or those that this machine has. */
export function sourcesFor(said: Settings['watch']['sources']): {
  readonly sources: readonly Source[];
  readonly problems: readonly Problem[];
} {
  const opened = (said === 'auto' ? ['kmsg'] : said).map(sourceOf);
  return {
    sources: opened.flatMap((one) => (one.ok ? [one.value] : [])),
    problems: opened.flatMap((one) => (one.ok ? [] : one.problems)),
  };
}

function sourceOf(word: string): Result<Source> {
  if (word === 'kmsg') return ok(openKmsg());
  const group = /^nflog:(\d{1,5})$/.exec(word)?.[1];
  if (group !== undefined && Number(group) < 65_536) return ok(openNflog({ group: Number(group) }));
  if (word.startsWith('/')) return ok(openFile(word));
  return failed({
    code: 'config-invalid',
    message: `watch.sources: "${word}" is no source`,
    hint: 'write kmsg, journal, nflog:GROUP, or the path of a log file',
  });
}
