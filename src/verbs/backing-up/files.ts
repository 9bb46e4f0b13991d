import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { holds, type SnapshotBody, textOf } from '../../change/snapshots/index.ts';
import { canonical, type RulesetTexts } from '../../kernel/index.ts';
import { type Backend, type HostTexts, type TextName, type TextRead, textNames } from '../../model/host/index.ts';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import { writeOutput } from '../output-file.ts';
import { readText } from '../reading.ts';
import type { Context, Outcome } from '../verb.ts';
import { chosenSnapshot } from './chosen.ts';
import { keepSnapshot } from './keeping.ts';
import { saidOf } from './said.ts';

/** Writes what a snapshot holds as files that people read and netfilter-persistent loads. */
export async function exportTo(
  context: Context,
  named: string,
  { folder, backend }: { readonly folder: string; readonly backend: Backend | undefined },
): Promise<Outcome<BackupPartJson>> {
  const chosen = chosenSnapshot(context, named);
  if (!chosen.ok) return { kind: 'invalid', problems: chosen.problems };
  const { snapshot, head } = chosen.value;
  const from = backendsIn(snapshot);
  const [only] = from;
  if (backend === undefined && from.length > 1) {
    const hint = 'say with --backend which of them the files shall hold';
    return { kind: 'invalid', problems: [{ code: 'usage', message: 'the snapshot holds rules of both backends', hint }] };
  }
  const which = backend ?? only ?? 'nft';
  const texts = {
    'rules.v4': textOf(snapshot.texts, `${which}Save4`),
    'rules.v6': textOf(snapshot.texts, `${which}Save6`),
    'ipset.conf': textOf(snapshot.texts, 'ipsets'),
    'foreign.nft': snapshot.foreignNft,
    'sysctl.conf': textOf(snapshot.texts, 'sysctls'),
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const hint = 'name another folder with --to';
    return {
      kind: 'invalid',
      problems: [{ code: 'output-failed', at: { file: folder }, message: `it cannot be made (${code})`, hint }],
    };
  }
  const files: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    if (text === '' && (name === 'foreign.nft' || name === 'sysctl.conf')) continue;
    const file = join(resolve(folder), name);
    // One character is one byte, as the tools printed it.
    const written = await writeOutput(file, Buffer.from(text, 'latin1'), '--to');
    if (!written.ok) return { kind: 'invalid', problems: written.problems };
    files.push(file);
  }
  await context.part({ kind: 'exported', id: head.id, files } satisfies BackupPartJson);
  return { kind: 'done', value: null };
}

function backendsIn({ texts }: SnapshotBody): readonly Backend[] {
  return (['nft', 'legacy'] as const).filter((backend) => holds(texts, backend));
}

/**
 * Makes a snapshot of files: what `iptables-save`, `ip6tables-save` and `ipset save` printed, here or elsewhere. The kernel has to take all of
 * it, and what it prints back is what is kept.
 */
export async function importFrom(
  context: Context,
  files: readonly string[],
  { backend, tag }: { readonly backend: Backend | undefined; readonly tag: string | undefined },
): Promise<Outcome<BackupPartJson>> {
  const given = await readFiles(context, files);
  if (!given.ok) return { kind: 'invalid', problems: given.problems };
  const { rules, sets, names, writer } = given.value;
  const which = backend ?? writer ?? 'nft';
  context.progress('loading the files into a namespace');
  const printed = await canonical(context.kernel, {
    backend: which,
    rulesets: rules,
    sets: sets.text,
    counters: true,
    files: names,
  });
  if (!printed.ok) return { kind: 'invalid', problems: printed.problems };
  const body: SnapshotBody = {
    texts: textsOf(context, which, printed.value, sets.text),
    recent: {},
    foreignNft: '',
    versions: {},
    own: null,
  };
  const kept = await keepSnapshot(context, { reason: 'imported', tag: tag ?? null, body });
  if (!kept.ok) return { kind: 'unchanged', problems: kept.problems };
  await context.part({ kind: 'created', ...saidOf(kept.value), copies: [] } satisfies BackupPartJson);
  return { kind: kept.value.meta.unproved === null ? 'done' : 'found', value: null };
}

interface Given {
  readonly rules: RulesetTexts;
  readonly sets: { readonly text: string };
  readonly names: { 4?: string; 6?: string; sets?: string };
  readonly writer: Backend | null;
}

async function readFiles(context: Context, files: readonly string[]): Promise<Result<Given>> {
  const rules: { 4?: string; 6?: string } = {};
  const names: Given['names'] = {};
  let sets = '';
  let writer: Backend | null = null;
  for (const argument of files) {
    const [, said, path = argument] = /^([46]):(.+)$/s.exec(argument) ?? [];
    const read = await readText(context, path);
    if (!read.ok) return read;
    if (said === undefined && /^(?:create|add) \S/m.test(read.value) && !/^\*/m.test(read.value)) {
      if (names.sets !== undefined) return twice(path, 'sets');
      sets = read.value;
      names.sets = path;
      continue;
    }
    const parsed = parseRuleset(read.value, { file: path, ...(said !== undefined && { family: said === '4' ? 4 : 6 }) });
    if (!parsed.ok) return parsed;
    const { family } = parsed.value;
    if (names[family] !== undefined) return twice(path, `IPv${family} rules`);
    rules[family] = read.value;
    names[family] = path;
    writer ??= parsed.value.writer?.backend ?? null;
  }
  return ok({ rules, sets: { text: sets }, names, writer });
}

function twice(file: string, what: string): Result<never> {
  return failed({
    code: 'usage',
    at: { file },
    message: `another file holds ${what} already`,
    hint: 'name one file of each kind',
  });
}

/** As if a host had been read that has these rules and sets, and of which nothing else is known. */
function textsOf(context: Context, backend: Backend, printed: RulesetTexts, sets: string): HostTexts {
  const unread: TextRead = { read: false, why: 'failed', tool: 'palisade', detail: 'the files do not say it' };
  const none: TextRead = { read: false, why: 'unused', tool: 'palisade', detail: 'it is not in the files' };
  const held = (text: string | undefined, command: string): TextRead =>
    text === undefined || text === '' ? none : { read: true, text, command, warnings: '' };
  const said: Partial<Record<TextName, TextRead>> = {
    nftSave4: none,
    nftSave6: none,
    legacySave4: none,
    legacySave6: none,
    nftChains: none,
    [`${backend}Save4`]: held(printed[4], `iptables-${backend}-save -c`),
    [`${backend}Save6`]: held(printed[6], `ip6tables-${backend}-save -c`),
    ipsets: held(sets, 'ipset save'),
  };
  const texts = Object.fromEntries(textNames.map((name) => [name, said[name] ?? unread]));
  return { name: hostname(), readAt: context.clock.now(), texts: texts as HostTexts['texts'], software: null };
}
