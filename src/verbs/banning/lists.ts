import { readFileSync, statSync } from 'node:fs';
import { exchangeBanSet } from '../../kernel/index.ts';
import { type Family, type Prefix, prefixRange, type Ranges, rangesOf, without } from '../../model/net/index.ts';
import { isFeedAddress, linesOf, prefixesOf, readMember } from '../../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { type Never, widest } from '../../watch/bans/index.ts';
import type { Context } from '../verb.ts';
import { lengthOf } from './length.ts';
import { byFamily } from './stand.ts';

/** What a list came to. */
export interface ReadList {
  readonly name: string;
  /** Of it, without whoever is never shut out. */
  readonly networks: number;
  /** Lines that were left out, since they are wider than a list may name. */
  readonly tooWide: number;
  /** Why it is not the newest, or not there at all. */
  readonly trouble: string | null;
}

const largest = 32 * 1024 * 1024;
const mostNetworks = 1_000_000;

/**
 * Reads all lists, and has the kernel drop who is on them, in the place of who was. What cannot be had stays as it was last had; a file that cannot be read, as
 * everything is: then nothing is exchanged.
 */
export async function fillLists(context: Context, never: Never): Promise<Result<readonly ReadList[]>> {
  const { lists, 'lists-every': every } = context.settings.bans;
  const all: Record<Family, (readonly [bigint, bigint])[]> = { 4: [], 6: [] };
  const read: ReadList[] = [];
  const problems: Problem[] = [];
  for (const name of lists) {
    const words = name.startsWith('/') ? ofFile(name) : await ofFeed(context, name, (lengthOf(every) ?? 86_400_000) / 1000);
    if (!words.ok) {
      problems.push(...words.problems);
      continue;
    }
    let tooWide = 0;
    let networks = 0;
    for (const word of words.value.words) {
      const member = readMember(word);
      if (member === undefined) continue;
      const { family, range } = member;
      if (prefixesOf(family, [range]).some(({ length }) => length < widest.list[family])) tooWide += 1;
      else {
        all[family].push(range);
        networks += 1;
      }
    }
    read.push({ name, networks, tooWide, trouble: words.value.trouble });
  }
  if (problems.length > 0) return failed(...problems);
  const networks = ([4, 6] as const).flatMap((family) =>
    prefixesOf(family, without(rangesOf(all[family]), rangesIn(never, family))),
  );
  if (networks.length > mostNetworks)
    return failed(wrong('bans.lists', `they name more than ${mostNetworks.toLocaleString('en')} networks`));
  const filled = await exchangeBanSet(context.kernel.run, 'list', byFamily(networks));
  return filled.ok ? ok(read) : filled;
}

function rangesIn(never: Never, family: Family): Ranges<bigint> {
  const of = never.entries.flatMap(({ network }: { readonly network: Prefix }) =>
    network.family === family ? [prefixRange(network)] : [],
  );
  return rangesOf(of);
}

interface Words {
  readonly words: readonly string[];
  readonly trouble: string | null;
}

function ofFile(path: string): Result<Words> {
  try {
    if (statSync(path).size > largest) return failed(wrong(path, 'it is larger than 32 MiB'));
    const lines = linesOf(readFileSync(path, 'latin1'));
    const bad = lines.find(({ word }) => readMember(word) === undefined);
    if (bad !== undefined) return failed(wrong(path, `"${bad.word.slice(0, 40)}" is no address`, bad.line));
    return ok({ words: lines.map(({ word }) => word), trouble: null });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    return failed(wrong(path, code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`));
  }
}

async function ofFeed(context: Context, url: string, everySeconds: number): Promise<Result<Words>> {
  if (!isFeedAddress(url))
    return failed(wrong(url, 'it is neither a file by its whole path nor an address that begins with https'));
  const { fetchSets } = await import('../feeds/index.ts');
  const { stateFolder, signal, clock } = context;
  const source = { kind: 'feed', url, everySeconds, onFailure: 'keep' } as const;
  const [fetched] = await fetchSets([source], { policyFolder: '/', stateFolder, signal, now: clock.now() });
  const { addresses, lacking, said } = fetched?.answer ?? { addresses: [], lacking: 'it was not asked for' };
  if (lacking !== null) return failed(wrong(url, lacking));
  return ok({ words: addresses, trouble: /; no newer ones: (.*)$/s.exec(said ?? '')?.[1] ?? null });
}

function wrong(file: string, message: string, line?: number): Problem {
  return {
    code: 'file-missing',
    at: { file, ...(line !== undefined && { line }) },
    message,
    hint: 'mend bans.lists; what was shut out stays so',
  };
}
