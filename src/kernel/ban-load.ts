import type { Family } from '../model/net/index.ts';
import { failed, ok, type Result } from '../result.ts';
import { addLine, type BanEntry, type BanSetKind, banSetNames, createBanSet, createBanSets } from './ban-set.ts';
import type { Run } from './run.ts';

/** A hundred thousand members take the kernel a second and a half. */
const loadMs = 60_000;

/**
 * Makes the sets where they are not there. One that was made otherwise, such as by an earlier palisade whose rules ask it, is exchanged for one as they are now,
 * with its members.
 */
export async function makeBanSets(run: Run): Promise<Result<void>> {
  if ((await load(run, createBanSets)).ok) return ok(undefined);
  for (const kind of Object.keys(banSetNames) as BanSetKind[])
    for (const family of [4, 6] as const) {
      const create = createBanSet(kind, family);
      const made = await load(run, create);
      if (made.ok) continue;
      const saved = await run({ argv: ['ipset', 'save', banSetNames[kind][family]], timeoutMs: loadMs });
      if (saved.kind !== 'exited' || saved.status !== 0) return made;
      const exchanged = await exchangeMade(run, kind, family, saved.stdout);
      if (!exchanged.ok) return exchanged;
    }
  return ok(undefined);
}

/** Only what a set of now takes of a member stays with it. */
async function exchangeMade(run: Run, kind: BanSetKind, family: Family, saved: string): Promise<Result<void>> {
  const name = banSetNames[kind][family];
  const next = `${name}-next`;
  const create = createBanSet(kind, family, next);
  const members = Array.from(saved.matchAll(/^add \S+ (\S+)((?: timeout \d+)?)/gm), ([, network = '', timeout = '']) =>
    create.includes(' timeout ') ? `add ${next} ${network}${timeout}\n` : `add ${next} ${network}\n`,
  );
  return await load(run, `${create}flush ${next}\n${members.join('')}swap ${next} ${name}\ndestroy ${next}\n`);
}

/** Makes the sets where they are not there, and puts all of these in, in one go: as a machine starts, or palisade does. */
export async function restoreBans(run: Run, entries: readonly BanEntry[]): Promise<Result<void>> {
  return await load(run, createBanSets + entries.map(addLine).join(''));
}

/**
 * Gives a set other members, all at one moment: it is never empty meanwhile, and never half.
 *
 * @param networks as ipset reads them
 */
export async function exchangeBanSet(
  run: Run,
  kind: 'never' | 'list',
  networks: Readonly<Record<Family, readonly string[]>>,
): Promise<Result<void>> {
  const text = ([4, 6] as const).map((family) => {
    const name = banSetNames[kind][family];
    const next = `${name}-next`;
    const members = networks[family].flatMap(halves).map((network) => `add ${next} ${network}\n`);
    return `${createBanSet(kind, family)}${createBanSet(kind, family, next)}flush ${next}\n${members.join('')}swap ${next} ${name}\ndestroy ${next}\n`;
  });
  return await load(run, text.join(''));
}

/** How many members each set has that is there, of whomever; those that are over stay in it for some seconds. Old kernels do not tell: then it is ∞. */
export async function countBanSets(run: Run): Promise<ReadonlyMap<string, number>> {
  const result = await run({ argv: ['ipset', 'list', '-t'], timeoutMs: loadMs });
  const text = result.kind === 'exited' ? result.stdout : '';
  return new Map(
    text.split('\n\n').flatMap((set) => {
      const name = /^Name: (\S+)$/m.exec(set)?.[1];
      const count = /^Number of entries: (\d+)$/m.exec(set)?.[1];
      return name === undefined ? [] : [[name, Number(count ?? Number.POSITIVE_INFINITY)] as const];
    }),
  );
}

/** hash:net has no room for a network of all addresses. */
function halves(network: string): readonly string[] {
  if (!network.endsWith('/0')) return [network];
  return network.includes(':') ? ['::/1', '8000::/1'] : ['0.0.0.0/1', '128.0.0.0/1'];
}

async function load(run: Run, input: string): Promise<Result<void>> {
  const result = await run({ argv: ['ipset', '-exist', 'restore'], input, timeoutMs: loadMs });
  if (result.kind === 'exited' && result.status === 0) return ok(undefined);
  const said = result.kind === 'exited' ? result.stderr.trim().split('\n')[0] : result.kind;
  const line = input.split('\n')[Number(/Error in line (\d+)/.exec(said ?? '')?.[1] ?? 0) - 1];
  return failed({
    code: 'restore-refused',
    message: `the sets of who is shut out could not be filled: ${said}${line === undefined ? '' : ` ("${line}")`}`,
    hint: 'see that ipset is installed and that the kernel has ip_set',
  });
}
