import { type Kernel, rehearse } from '../../kernel/index.ts';
import { type Backend, hostFromTexts } from '../../model/host/index.ts';
import { problemLine } from '../../result.ts';
import { type SnapshotBody, textOf, untimed } from './snapshot.ts';

/**
 * Loads what a snapshot holds into a namespace, by the tools of each backend that it has rules of, and compares what is printed back,
 * byte for byte: comments, and how many seconds members of sets have left, do not count.
 *
 * @returns `null` where all of it comes back; else why it would not
 */
export async function unprovedBecause(kernel: Kernel, { texts }: SnapshotBody): Promise<string | null> {
  const unread = unreadIn({ texts });
  if (unread !== null) return unread;
  const backends = (['nft', 'legacy'] as const).filter((backend) => holds(texts, backend));
  // Without rules, sets are still to be proved.
  for (const backend of backends.length === 0 ? (['nft'] as const) : backends) {
    const why = await unlike(kernel, texts, backend);
    if (why !== null) return why;
  }
  return null;
}

/** What was not read that has to be; `null`: nothing. */
export function unreadIn({ texts }: Pick<SnapshotBody, 'texts'>): string | null {
  for (const name of ['nftSave4', 'nftSave6', 'legacySave4', 'legacySave6', 'ipsets'] as const) {
    const read = texts.texts[name];
    // Where a part of the kernel is not loaded, nothing can be in it; without its tool nobody says so.
    if (!read.read && read.why !== 'unused') return `${read.tool} could not be read: ${read.detail}`;
    if (read.read && /^# Table `\S+' (?:is|contains) incompatible/m.test(read.text))
      return `${read.command} says that a table holds what iptables cannot print; nft keeps it, and palisade restores no such table`;
  }
  return null;
}

/** Whether a backend has tables in it. */
export function holds(texts: SnapshotBody['texts'], backend: Backend): boolean {
  return ([4, 6] as const).some((family) => /^\*/m.test(textOf(texts, `${backend}Save${family}`)));
}

async function unlike(kernel: Kernel, texts: SnapshotBody['texts'], backend: Backend): Promise<string | null> {
  const rulesets = { 4: textOf(texts, `${backend}Save4`), 6: textOf(texts, `${backend}Save6`) };
  const sets = textOf(texts, 'ipsets');
  const links = namesLink(rulesets[4]) ? linksOf(texts) : [];
  const rehearsed = await rehearse(kernel, {
    backend,
    sets,
    links,
    rulesets: { ...(rulesets[4] !== '' && { 4: rulesets[4] }), ...(rulesets[6] !== '' && { 6: rulesets[6] }) },
    counters: true,
    readsBack: true,
  });
  if (!rehearsed.ok) return rehearsed.problems.map(problemLine).join('; ');
  await using rehearsal = rehearsed.value;
  const back = await rehearsal.readBack();
  if (!back.ok) return back.problems.map(problemLine).join('; ');
  for (const family of [4, 6] as const) {
    const why = firstDifference(tablesOf(rulesets[family]), tablesOf(back.value[family] ?? ''));
    if (why !== null) return `iptables (IPv${family}) prints it back otherwise: ${why}`;
  }
  if (sets === '') return null;
  const saved = await rehearsal.namespace.run({ argv: ['ipset', 'save'], timeoutMs: 60_000, maxBytes: 256 * 1024 * 1024 });
  if (saved.kind !== 'exited' || saved.status !== 0) return 'ipset does not print the sets back';
  const why = firstDifference(setLines(sets), setLines(saved.stdout));
  return why === null ? null : `ipset prints it back otherwise: ${why}`;
}

/** In kernels before 6.3, a rule of this target is refused whose link is not there (see `kernel/rehearsal`). */
function namesLink(text: string): boolean {
  return text.includes('CLUSTERIP');
}

function linksOf(texts: SnapshotBody['texts']): readonly { readonly name: string; readonly up: boolean }[] {
  const { links } = hostFromTexts(texts);
  return links.known ? links.value.map(({ name }) => ({ name, up: false })) : [];
}

/** Tables in the order of their names: in which they stand says nothing. */
function tablesOf(text: string): readonly string[] {
  return text
    .replace(/^#.*\n/gm, '')
    .split(/^(?=\*)/m)
    .filter((table) => table !== '')
    .toSorted()
    .flatMap((table) => table.split('\n'));
}

/** A set's members come in an order that hangs on how they came there. */
function setLines(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(untimed)
    .toSorted();
}

function firstDifference(kept: readonly string[], printed: readonly string[]): string | null {
  const at = kept.findIndex((line, index) => line !== printed[index]);
  if (at < 0) return kept.length === printed.length ? null : `"${printed[kept.length]}" stands there too`;
  return `"${kept[at]}" came back as "${printed[at] ?? 'nothing'}"`;
}
