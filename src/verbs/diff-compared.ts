import type { Difference } from '../analysis/answers/index.ts';
import { type BothProofs, type DiffJson, rewritesToJson, wayToJson } from './diff-shapes.ts';
import type { Sides } from './diff-sides.ts';
import type { Context, Outcome } from './verb.ts';

interface Asked {
  /** Names of the two sides, for the answer. */
  readonly before: string;
  readonly after: string;
  /** Regions of each way. */
  readonly most: number;
  readonly prove: boolean;
}

/** Which packets two sides treat differently, family by family. */
export async function compareSides(context: Context, asked: Asked, sides: Sides): Promise<Outcome<DiffJson>> {
  const { pairs, proving, assumed, unknown } = sides;
  const { compareRulesets } = await import('../analysis/answers/index.ts');
  const compared = pairs.map(({ family, before, after }) => {
    context.signal.throwIfAborted();
    context.progress(`comparing the IPv${family} rules`);
    return { family, ...compareRulesets(family, before, after, { most: asked.most }) };
  });
  const differences = compared.flatMap(({ ways }) => ways.flatMap((way) => (way.kind === 'decided' ? way.differences : [])));
  const { proofs, faults } = asked.prove
    ? await (await import('./diff-proofs.ts')).proveDifferences(context, proving, differences)
    : { proofs: new Map<Difference, BothProofs>(), faults: [] };
  const families = compared.map(({ family, ways, rewrites }) => ({
    family,
    ways: ways.map((way) => wayToJson(way, proofs)),
    rewrites: rewritesToJson(rewrites),
  }));
  const ways = families.flatMap((one) => one.ways);
  const value = { before: asked.before, after: asked.after, families, assumed: [...assumed], unknown: [...unknown] };
  if (faults.length > 0) return { kind: 'unknown', value, faults };
  const rewrites = families.map((one) => one.rewrites);
  if (ways.some(({ equal }) => equal === false) || rewrites.some((one) => one !== null && one.differences.length > 0))
    return { kind: 'found', value };
  const isOpen = unknown.length > 0 || ways.some(({ equal }) => equal === null) || rewrites.includes(null);
  return { kind: isOpen ? 'unknown' : 'done', value };
}
