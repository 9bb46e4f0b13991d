import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, hostFromFiles } from '../../src/model/host/index.ts';
import { problemLine } from '../../src/result.ts';
import { type Adoption, adoptionOf } from '../../src/verbs/adopting.ts';

const root = join(import.meta.dirname, '../../testdata/rulesets');

/** Folders of rulesets that other programs wrote. */
export const origins: readonly string[] = readdirSync(root)
  .filter((name) => existsSync(join(root, name, 'setup.sh')))
  .sort();

/** Both families that a program left by a backend, and its sets; `null` where it left nothing. */
export function hostOf(origin: string, backend: 'nft' | 'legacy', facts?: object): Host | null {
  const folder = join(root, origin);
  const rulesets = ([4, 6] as const).flatMap((family) => {
    const file = join(folder, `${backend}-v${family}.save`);
    return existsSync(file) ? [{ file, family, text: readFileSync(file, 'latin1') }] : [];
  });
  if (rulesets.length === 0) return null;
  const sets = join(folder, 'sets.save');
  const host = hostFromFiles({
    rulesets,
    ...(existsSync(sets) && { sets: { file: sets, text: setsOf(origin) } }),
    ...(facts !== undefined && { facts: { file: 'facts', text: JSON.stringify(facts) } }),
    readAt: 0,
  });
  if (!host.ok) throw new Error(host.problems.map(problemLine).join('\n'));
  return host.value;
}

/** As `ipset save` printed them; empty where there were none. */
export function setsOf(origin: string): string {
  const file = join(root, origin, 'sets.save');
  return existsSync(file) ? readFileSync(file, 'latin1') : '';
}

/** What became of one origin's rules. */
export interface Told {
  readonly origin: string;
  readonly adoption: Adoption;
  readonly rules: number;
  readonly asTerms: number;
  readonly raw: number;
  readonly seconds: number;
}

export function tell(origin: string, host: Host): Told {
  const started = performance.now();
  const adoption = adoptionOf(host, []);
  if (!adoption.known) throw new Error(`${origin}: ${adoption.why}`);
  const seconds = (performance.now() - started) / 1000;
  const { value } = adoption;
  const count = (fate: string): number =>
    value.kind === 'adopted' ? value.rules.filter((rule) => rule.fate === fate).length : 0;
  const [asTerms, raw] = [count('term'), count('raw')];
  return { origin, adoption: value, rules: asTerms + raw, asTerms, raw, seconds };
}
