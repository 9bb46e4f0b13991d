import { shownText } from '../../model/ruleset/index.ts';
import type { Evidence, Exhibit } from '../evidence.ts';

type Read = Extract<Exhibit, { read: true }>;

/** The texts that were read, whole: a report can be checked against them later, wherever it is then. */
export function artifactsOf({ rulesets }: Evidence): readonly unknown[] {
  return rulesets
    .filter((one) => one.read)
    .map((one) => {
      // Bytes that are no UTF-8 would not come back from a text.
      const text = shownText(one.text);
      const faithful = !text.includes('\ufffd');
      return {
        location: { uri: artifactUri(one) },
        mimeType: 'text/plain',
        length: one.bytes,
        hashes: { 'sha-256': one.sha256 },
        ...(faithful && { encoding: 'utf-8' }),
        contents: faithful ? { text } : { binary: btoa(one.text) },
        description: { text: `IPv${one.family} rules from ${one.source}` },
      };
    });
}

/** Files by their path; what a command printed by the command's name. */
export function artifactUri({ source }: Read): string {
  const path = source.split('/').map(encodeURIComponent).join('/');
  return source.startsWith('/') ? `file://${path}` : path;
}
