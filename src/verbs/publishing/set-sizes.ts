import type { Run } from '../../kernel/index.ts';
import type { Host } from '../../model/host/index.ts';
import { shownText } from '../../model/ruleset/index.ts';
import type { HostState } from '../../monitor/index.ts';

type Sets = HostState['sets'];
type SetState = Extract<Sets, { known: true }>['value'][number];

/**
 * How full each set is, by `ipset list -t`, which tells sizes without listing members. It is asked only where sets were read: it would make the kernel load
 * what holds them.
 */
export async function setSizes(run: Run, { sets }: Pick<Host, 'sets'>, signal?: AbortSignal): Promise<Sets> {
  if (!sets.known) return sets;
  if (sets.value.size === 0) return { known: true, value: [] };
  const ran = await run({ argv: ['ipset', 'list', '-t'], gentle: true, ...(signal && { signal }) });
  if (ran.kind === 'exited' && ran.status === 0) {
    const value = sizesIn(ran.stdout);
    if (value !== null) return { known: true, value };
  }
  const detail = ran.kind === 'exited' ? (ran.stderr.trim().split('\n')[0] ?? '') : ran.kind;
  return { known: false, why: `ipset did not tell the sizes of the sets (${detail})`, remedy: 'see what ipset list -t says' };
}

/** `null` of what is none of ipset's (7.x, ipset_list_header). */
export function sizesIn(text: string): SetState[] | null {
  const found: SetState[] = [];
  for (const block of text.split(/\n(?=Name: )/)) {
    if (block.trim() === '') continue;
    const field = (name: string): string | null => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null;
    const [name, type, header, entries] = [field('Name'), field('Type'), field('Header'), field('Number of entries')];
    if (name === null || type === null || header === null || entries === null || !/^\d+$/.test(entries)) return null;
    const bytes = field('Size in memory');
    found.push({
      name: shownText(name),
      type,
      entries: Number(entries),
      most: mostOf(type, header),
      bytes: bytes !== null && /^\d+$/.test(bytes) ? Number(bytes) : null,
    });
  }
  return found;
}

/** A list takes `size` sets, a hash `maxelem` members; a bitmap has room for all that it can hold. */
function mostOf(type: string, header: string): number | null {
  const said = (type === 'list:set' ? / ?\bsize (\d+)/ : /\bmaxelem (\d+)/).exec(header)?.[1];
  return said === undefined ? null : Number(said);
}
