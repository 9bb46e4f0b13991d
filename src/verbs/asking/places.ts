import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { parsePrefix } from '../../model/net/index.ts';
import type { Problem } from '../../result.ts';
import type { TopJson, WhoseJson } from '../top-shape.ts';
import { dayOf, type Kind, kinds } from './data.ts';
import { RangeFile } from './ranges.ts';

/** Whose addresses are, as far as data tell. */
export interface Places {
  /** Of an address, or of a network by its first one. */
  whose(network: string): WhoseJson;
  /** What was asked for and is not there. */
  missing(of: 'country' | 'as'): Problem | null;
  /** Of what was asked: how old it is, and who says it. */
  used(): TopJson['data'];
}

/** What of the data is there; read when the first address is asked for. */
interface Source {
  readonly asOf: string;
  /** `null`: this file of it is not there. */
  read(file: string): Uint8Array | null;
}

/**
 * Data of countries and systems: those that somebody put into STATE/places, else those that came with palisade: a release brings them compressed
 * beside itself, a checkout has them where npm put them.
 */
export function placesIn(stateFolder: string): Places {
  const sources: Record<Kind, Source | null> = { country: sourceOf('country', stateFolder), as: sourceOf('as', stateFolder) };
  const files = new Map<string, RangeFile | null>();
  const used = new Set<Kind>();
  const look = (kind: Kind, network: string): readonly string[] | null => {
    const prefix = parsePrefix(network);
    const source = sources[kind];
    if (prefix === undefined || source === null) return null;
    used.add(kind);
    const name = kinds[kind].file[prefix.family];
    let file = files.get(name);
    if (file === undefined) {
      const bytes = source.read(name);
      file = bytes === null ? null : new RangeFile(bytes, prefix.family);
      files.set(name, file);
    }
    return file?.find(prefix) ?? null;
  };
  return {
    whose(network) {
      const [country = null] = look('country', network) ?? [];
      const [as, name = null] = look('as', network) ?? [];
      return { country, as: as === undefined ? null : Number(as), name: name === '' ? null : name };
    },
    missing(of) {
      if (sources[of] !== null) return null;
      const { 4: four, 6: six } = kinds[of].file;
      const message = `there are no data of ${of === 'as' ? 'systems (AS)' : 'countries'}`;
      return {
        code: 'unread',
        message,
        hint: `put ${four} and ${six} into ${join(stateFolder, 'places')}; docs/store.md says where they are had`,
      };
    },
    used: () =>
      [...used].map((kind) => ({
        of: kind === 'as' ? 'systems (AS)' : 'countries',
        asOf: sources[kind]?.asOf ?? '',
        source: kinds[kind].says,
      })),
  };
}

function sourceOf(kind: Kind, stateFolder: string): Source | null {
  return inFolder(kind, stateFolder) ?? inRelease(kind) ?? inCheckout(kind);
}

function inFolder(kind: Kind, stateFolder: string): Source | null {
  const folder = join(stateFolder, 'places');
  const stat = statSync(join(folder, kinds[kind].file[4]), { throwIfNoEntry: false });
  return stat === undefined ? null : { asOf: stat.mtime.toISOString().slice(0, 10), read: (file) => readIn(join(folder, file)) };
}

/** Written by rolldown.config.ts. */
function inRelease(kind: Kind): Source | null {
  const folder = join(import.meta.dirname, 'places');
  const days = readIn(join(folder, 'as-of.json'));
  if (days === null) return null;
  const { [kind]: asOf } = JSON.parse(new TextDecoder().decode(days)) as Partial<Record<Kind, string>>;
  if (asOf === undefined) return null;
  return {
    asOf,
    read(file) {
      const packed = readIn(join(folder, `${file}.zst`));
      return packed === null ? null : zstdDecompressSync(packed);
    },
  };
}

function inCheckout(kind: Kind): Source | null {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${kinds[kind].package}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    return { asOf: dayOf(version), read: (file) => readIn(join(dirname(manifest), file)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return null;
  }
}

function readIn(file: string): Uint8Array | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return null;
  }
}
