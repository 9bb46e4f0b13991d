import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setsText } from '../../policy/index.ts';
import type { OwnTable } from '../apply/own.ts';
import { toolsFor } from '../apply/tools.ts';
import { ownLines } from '../guard/guard.ts';
import type { OwnRecord } from '../history/record.ts';
import { place } from './place.ts';

/**
 * What the machine is to have when it starts, as {@link bootScript} reads it: `tables`, and of each F.TABLE `.chains`, `.policies`, `.jumps`,
 * `.rules` and `.own` as the guard has them; the same under `emergency/`; `sets` as `ipset restore` reads them; `where` it was confirmed,
 * `host` or a network namespace; `sums` of the files of each folder.
 */
export function bootFiles(record: OwnRecord, where: string): ReadonlyMap<string, string> {
  const main = summed([['where', `${where}\n`], ['sets', setsText(record.sets)], ...tableFiles(record.families, record)]);
  const emergency = record.emergency === null ? [] : summed(tableFiles(record.emergency, record));
  return new Map([...main, ...emergency.map(([name, text]) => [`emergency/${name}`, text] as const)]);
}

type NamedText = readonly [name: string, text: string];

/** With what sha256sum(1) checks them by: emergency rules may be whole where something else is not. */
function summed(files: readonly NamedText[]): readonly NamedText[] {
  const sums = files.map(([name, text]) => `${createHash('sha256').update(text, 'latin1').digest('hex')}  ${name}\n`);
  return [...files, ['sums', sums.join('')]];
}

function tableFiles(families: OwnRecord['families'], { backend }: OwnRecord): readonly NamedText[] {
  const tables = ([4, 6] as const).flatMap((family) => families[family].map((own) => ({ family, own })));
  const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
  return [
    [
      'tables',
      lines(
        tables.map(({ family, own }) => {
          const { save, restore } = toolsFor(family, backend);
          return `${family} ${own.table} ${save} ${restore}`;
        }),
      ),
    ],
    ...tables.flatMap(({ family, own }) => {
      const rules = [...own.chains].flatMap(([chain, all]) => all.map((rule) => `-A ${chain} ${rule}`));
      const at = `${family}.${own.table}`;
      return [
        [`${at}.chains`, lines([...own.chains.keys()])],
        [`${at}.policies`, lines([...own.policies].map(([chain, policy]) => `:${chain} ${policy} [0:0]`))],
        [`${at}.jumps`, lines(own.jumps.map(({ position, text }) => `${position} ${text}`))],
        [`${at}.rules`, lines(rules)],
        [`${at}.own`, lines(ownLines(saved(own, rules)))],
      ] as const;
    }),
  ];
}

/** As its save says it. */
function saved({ chains, jumps }: OwnTable, rules: readonly string[]): string {
  return [...[...chains.keys()].map((chain) => `:${chain} - [0:0]`), ...jumps.map(({ text }) => text), ...rules].join('\n');
}

/** Writes what is to be there at the next start, once {@link keepForBoot} says so: before a change is confirmed, so that a full disk is told. */
export function writeForBoot(stateFolder: string, record: OwnRecord): void {
  const where = place();
  const boot = join(stateFolder, 'boot');
  // A change of a namespace on this machine is not what the machine starts with.
  if (where !== 'host' && placeOf(boot) === 'host') {
    rmSync(join(boot, 'next'), { force: true });
    return;
  }
  const name = String(record.at);
  // What changes left that were undone again is nobody's.
  dropOthers(boot, pointed(boot, 'current'));
  mkdirSync(join(boot, name, 'emergency'), { recursive: true, mode: 0o700 });
  for (const [file, text] of bootFiles(record, where))
    writeFileSync(join(boot, name, file), text, { encoding: 'latin1', mode: 0o600, flush: true });
  for (const folder of [join(boot, name, 'emergency'), join(boot, name)]) flushFolder(folder);
  point(boot, 'next', name);
}

/** From now on the machine starts with what {@link writeForBoot} wrote of the record. */
export function keepForBoot(stateFolder: string, { at }: OwnRecord): void {
  const boot = join(stateFolder, 'boot');
  if (pointed(boot, 'next') !== String(at)) return;
  // The one name takes the other's place at once: there is no moment without.
  renameSync(join(boot, 'next'), join(boot, 'current'));
  flushFolder(boot);
  dropOthers(boot, String(at));
}

function dropOthers(boot: string, kept: string | null): void {
  if (!existsSync(boot)) return;
  for (const name of readdirSync(boot)) if (name !== 'current' && name !== kept) rmSync(join(boot, name), { recursive: true });
}

/** Nothing of palisade's is there when the machine starts. */
export function forgetBoot(stateFolder: string): void {
  if (place() === 'host' || placeOf(join(stateFolder, 'boot')) !== 'host')
    rmSync(join(stateFolder, 'boot'), { recursive: true, force: true });
}

/** Whether a confirmed state of this machine is there to start with. */
export function hasBoot(stateFolder: string): boolean {
  return placeOf(join(stateFolder, 'boot')) === 'host';
}

function point(boot: string, name: string, to: string): void {
  rmSync(join(boot, `${name}.new`), { force: true });
  symlinkSync(to, join(boot, `${name}.new`));
  renameSync(join(boot, `${name}.new`), join(boot, name));
  flushFolder(boot);
}

function pointed(boot: string, name: string): string | null {
  try {
    return readlinkSync(join(boot, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function placeOf(boot: string): string | null {
  try {
    return readFileSync(join(boot, 'current/where'), 'latin1').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function flushFolder(folder: string): void {
  const open = openSync(folder, 'r');
  fsyncSync(open);
  closeSync(open);
}
