import { lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Problem } from '../result.ts';
import type { AdoptJson } from './adopt-shape.ts';
import { type Adoption, adoptionOf } from './adopting.ts';
import { writeOutput } from './output-file.ts';
import type { HostAndSets } from './reading.ts';
import type { Context, Outcome } from './verb.ts';

interface Asked {
  readonly output?: string | undefined;
  readonly removal?: string | undefined;
  readonly force: boolean;
}

/** Makes the policy, proves it, and writes it where it was asked for. */
export async function adoptInto(context: Context, asked: Asked, { host }: HostAndSets): Promise<Outcome<AdoptJson>> {
  const { output = context.policyFile, removal, force } = asked;
  const there: Problem[] = [];
  for (const file of [output, ...(removal === undefined ? [] : [removal])])
    if (file !== '-' && !force && (await exists(file)))
      there.push({
        code: 'adopt-refused',
        at: { file },
        message: 'the file is there already',
        hint: 'name another, or write over it with --force',
      });
  if (there.length > 0) return { kind: 'unchanged', problems: there };
  context.progress('turning the rules into a policy, and proving that it does the same');
  const adoption = adoptionOf(host, headOf(context, host.origin === 'live'));
  if (!adoption.known) return { kind: 'unread', problems: [{ code: 'unread', message: adoption.why, hint: adoption.remedy }] };
  if (adoption.value.kind === 'refused') return { kind: 'unchanged', problems: adoption.value.problems };
  const value = reportOf(adoption.value, output, removal);
  if (output !== '-') {
    if (asked.output === undefined) await mkdir(dirname(output), { recursive: true });
    const written = await writeOutput(output, value.text);
    if (!written.ok) return { kind: 'invalid', problems: written.problems };
  }
  if (removal !== undefined) {
    const written = await writeOutput(removal, scriptOf(value.removal));
    if (!written.ok) return { kind: 'invalid', problems: written.problems };
  }
  return output === '-' ? { kind: 'done', value, document: value.text } : { kind: 'done', value };
}

async function exists(file: string): Promise<boolean> {
  try {
    const there = await lstat(file);
    // Pipes and the like are written to as they are.
    return there.isFile() || there.isDirectory() || there.isSymbolicLink();
  } catch (error) {
    // Whatever else keeps it from being looked at keeps it from being written, and is said then.
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return false;
    throw error;
  }
}

function headOf(context: Context, live: boolean): readonly string[] {
  const day = new Date(context.clock.now()).toISOString().slice(0, 10);
  return [
    `Adopted by palisade on ${day} from ${live ? 'the rules of this host' : 'rules in files'}, and proved to do the same to every packet.`,
  ];
}

function reportOf(adopted: Adoption & { kind: 'adopted' }, output: string, removal: string | undefined): AdoptJson {
  const { text, rules, families, basics, frozen, beside, inPlace } = adopted;
  const of = (fate: string): typeof rules => rules.filter((rule) => rule.fate === fate);
  const [terms, raw] = [of('term'), of('raw')];
  return {
    policy: output === '-' ? null : output,
    text,
    families: [...families],
    rules: terms.length + raw.length,
    asTerms: terms.length,
    raw: raw.map(({ family, table, chain, line, text: words }) => ({ family, table, chain, line, text: words })),
    idle: of('idle').length,
    dead: of('dead').length,
    basics: [...basics],
    frozen: [...frozen],
    beside: [...beside],
    inPlace: inPlace.map((one) => ({ ...one })),
    unseen: [...adopted.unseen],
    removal: { ...adopted.removal },
    removalFile: removal ?? null,
    twice: raw.some(({ table }) => table !== 'filter'),
  };
}

/** A POSIX script; what the rules hold is quoted as it is. */
function scriptOf(removal: AdoptJson['removal']): string {
  const part = (tool: string, text: string): string =>
    text === '' ? '' : `${tool} --noflush --wait 10 <<'END OF RULES'\n${text}END OF RULES\n`;
  return `#!/bin/sh
# Takes away the rules that were adopted into a policy. Run it when the policy is applied and confirmed, and not before.
set -eu
{ iptables-save; ip6tables-save; } | grep -q -- '^:PAL-' || { echo 'the policy is not applied yet' >&2; exit 1; }
${part('iptables-restore', removal[4])}${part('ip6tables-restore', removal[6])}`;
}
