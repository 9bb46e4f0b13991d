import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Backend, Host, HostTexts, Known, TextName } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { failed, ok, type Result } from '../result.ts';
import type { Context } from './verb.ts';

/** Larger than the save of half a million rules; what is larger is not a ruleset. */
const maxBytes = 64 * 1024 * 1024;

/** The flags by which every verb says what it looks at: the live host, or files. */
export const readingInput = {
  ruleset: z
    .array(z.string())
    .default([])
    .describe('Read iptables-save text instead of the live host; once a family, 4:FILE or 6:FILE says which, - is standard input')
    .meta({ value: 'FILE', path: true }),
  sets: z.string().optional().describe('Read ipset save text for the rulesets of --ruleset').meta({ value: 'FILE', path: true }),
  facts: z
    .string()
    .optional()
    .describe('Read links, addresses, listeners and sysctls as JSON for the rulesets of --ruleset')
    .meta({ value: 'FILE', path: true }),
  backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to read when both hold some'),
};

/** The flag of verbs that show packets. */
export const proveInput = z
  .boolean()
  .default(false)
  .describe('Send the packets through the real kernel too, in a throw-away namespace, and say what it did');

export interface Reading {
  readonly ruleset: readonly string[];
  readonly sets?: string | undefined;
  readonly facts?: string | undefined;
  readonly backend?: Backend | undefined;
}

/** Reads the host that the flags name. What a live host does not tell becomes unknown in it; files fail whole. */
export async function readHost(context: Context, reading: Reading, asked: Asked = {}): Promise<Result<Host>> {
  const read = await readHostAndSets(context, reading, asked);
  return read.ok ? ok(read.value.host) : read;
}

/** What is read of a live host only where somebody wants it. */
export interface Asked {
  /** What the package manager knows, which may take seconds. */
  readonly software?: boolean;
  /** Facts of files are enough: the verb can do without rules. */
  readonly factsAlone?: boolean;
  /** Of a live host these texts alone; what others tell is then unknown. */
  readonly only?: readonly TextName[];
}

export interface HostAndSets {
  readonly host: Host;
  /** As `ipset save` printed them. */
  readonly sets: Known<string>;
}

/** As {@link readHost}, with the text of its sets. */
export async function readHostAndSets(context: Context, reading: Reading, asked: Asked = {}): Promise<Result<HostAndSets>> {
  const facts = asked.factsAlone === true && reading.facts !== undefined;
  if (reading.ruleset.length > 0 || facts) return fromFiles(context, reading);
  const alone = reading.sets !== undefined ? '--sets' : reading.facts !== undefined ? '--facts' : undefined;
  if (alone !== undefined) {
    return failed({
      code: 'usage',
      message: `${alone} goes with --ruleset`,
      hint: 'name the ruleset that it belongs to, or leave it out to read this host',
    });
  }
  context.progress('reading the firewall');
  const texts = await context.kernel.read({
    signal: context.signal,
    ...(asked.software === true && { software: true }),
    ...(asked.only !== undefined && { only: asked.only }),
  });
  return ok(await understand(texts, reading.backend));
}

/** What the tools of a live host printed, as a host. */
export async function understand(texts: HostTexts, backend: Backend | undefined): Promise<HostAndSets> {
  const { hostFromTexts } = await import('../model/host/index.ts');
  const host = hostFromTexts(texts, backend === undefined ? {} : { backend });
  const { ipsets } = texts.texts;
  return { host, sets: ipsets.read ? { known: true, value: ipsets.text } : mapSets(host, '') };
}

/** What is not there to be read, as where the kernel has no sets at all, is known in the host too. */
function mapSets(host: Host, text: string): Known<string> {
  return host.sets.known ? { known: true, value: text } : host.sets;
}

async function fromFiles(context: Context, reading: Reading): Promise<Result<HostAndSets>> {
  const rulesets: { file: string; family?: Family; text: string }[] = [];
  for (const argument of reading.ruleset) {
    const said = /^([46]):(.+)$/s.exec(argument);
    const file = said?.[2] ?? argument;
    const text = await readText(context, file);
    if (!text.ok) return text;
    if (begins(text.value, /^(?:create|add) \S/)) {
      return mistaken(`${file} is what ipset save prints, and no ruleset`, `give it with --sets ${file}, beside --ruleset`);
    }
    rulesets.push({ file, text: text.value, ...(said === null ? {} : { family: said[1] === '4' ? 4 : 6 }) });
  }
  const beside: { sets?: { file: string; text: string }; facts?: { file: string; text: string } } = {};
  for (const kind of ['sets', 'facts'] as const) {
    const file = reading[kind];
    if (file === undefined) continue;
    const text = await readText(context, file);
    if (!text.ok) return text;
    if (kind === 'sets' && begins(text.value, /^\*[a-z]+$/)) {
      return mistaken(`${file} is what iptables-save prints, and no sets`, `give it with --ruleset ${file}`);
    }
    beside[kind] = { file, text: text.value };
  }
  const { hostFromFiles } = await import('../model/host/index.ts');
  const host = hostFromFiles({ rulesets, ...beside, readAt: context.clock.now() });
  return host.ok ? ok({ host: host.value, sets: mapSets(host.value, beside.sets?.text ?? '') }) : host;
}

/** Whether the first line that says something looks so; enough to tell a file that was named for another. */
function begins(text: string, like: RegExp): boolean {
  const first = text
    .slice(0, 4096)
    .split('\n')
    .find((line) => line.trim() !== '' && !line.startsWith('#'));
  return first !== undefined && like.test(first);
}

function mistaken(message: string, hint: string): Result<never> {
  return failed({ code: 'usage', message, hint });
}

/** A file's bytes as latin1, so that every byte of it survives. */
export async function readText(context: Context, file: string): Promise<Result<string>> {
  try {
    if (file === '-') return sized(file, await context.stdin());
    const { size } = await stat(file);
    if (size > maxBytes) return tooLarge(file);
    return sized(file, await readFile(file, { signal: context.signal }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'it may not be read'
          : code === 'EISDIR'
            ? 'it is a folder'
            : String(code ?? error);
    return failed({ code: 'file-missing', at: { file }, message: why, hint: 'name a file that can be read' });
  }
}

function sized(file: string, bytes: Uint8Array): Result<string> {
  if (bytes.length > maxBytes) return tooLarge(file);
  return ok(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
}

function tooLarge(file: string): Result<never> {
  return failed({
    code: 'file-too-large',
    at: { file, line: 1, column: 1 },
    message: 'the file is larger than 64 MiB',
    hint: 'name the output of iptables-save; 64 MiB hold about 450,000 rules',
  });
}
