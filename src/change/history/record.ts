import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { CompiledSet } from '../../policy/index.ts';
import type { OwnTable } from '../apply/own.ts';
import type { Basis } from './basis.ts';
import { writeWhole } from './whole-file.ts';

/** What palisade had in a firewall at one moment: enough to make it again. */
export interface OwnRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly backend: Backend;
  /** Where the policy stood; `null` of what was before any. */
  readonly policy: string | null;
  readonly families: Readonly<Record<Family, readonly OwnTable[]>>;
  readonly sets: readonly CompiledSet[];
  /** What is loaded at the machine's start when nothing of this can be; `null`: the plainest rules that let in SSH. */
  readonly emergency: Readonly<Record<Family, readonly OwnTable[]>> | null;
  /** What it was planned from; `null` where that says nothing of tomorrow. */
  readonly basis: Basis | null;
}

/** Written whole or not at all: another name, then the right one. */
export function writeRecord(file: string, record: OwnRecord): void {
  const text = JSON.stringify(record, (_key, value: unknown) => (value instanceof Map ? { map: [...value] } : value));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeWhole(file, text);
}

/** `null` where there is none. @throws SyntaxError of a file that is not one of ours */
export function readRecord(file: string): OwnRecord | null {
  try {
    return parseRecord(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A record as it is written. @throws SyntaxError of a text that is not one of ours */
export function parseRecord(text: string): OwnRecord {
  // Lists of members may be long, and hold no map.
  const { families, emergency = null, ...rest } = JSON.parse(text) as OwnRecord;
  return {
    ...rest,
    families: withMaps(families) as OwnRecord['families'],
    emergency: withMaps(emergency) as OwnRecord['emergency'],
  };
}

function withMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMaps);
  if (typeof value !== 'object' || value === null) return value;
  const { map } = value as { map?: [string, unknown][] };
  if (Array.isArray(map)) return new Map(map);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withMaps(one)]));
}
