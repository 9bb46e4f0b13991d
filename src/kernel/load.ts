import { failed, ok, type Result } from '../result.ts';
import type { Namespace } from './namespace.ts';
import { restore } from './restore.ts';
import type { Stage } from './stage.ts';

/** Texts of a host, and which of its tools shall read them. */
export interface RehearsalInput extends Partial<Stage> {
  /** As `ipset save` prints them. */
  readonly sets?: string;
  readonly rulesets: RulesetTexts;
  readonly backend: 'nft' | 'legacy';
  /** Lays links on which packets can be put; without it `Rehearsal.send` refuses. */
  readonly packets?: boolean;
  /** The texts may leave out policies, which are then ACCEPT, as where nothing was before. */
  readonly policiesLeftOut?: boolean;
  /** The texts say what each rule and chain has counted, and so will what is printed back. */
  readonly counters?: boolean;
  /** Prints each family back as soon as it is there, while the other may still be on its way: faster where it is asked for anyway. */
  readonly readsBack?: boolean;
  /** Names of the texts, for problems; default `rules (IPv4)`, `rules (IPv6)`, `sets`. */
  readonly files?: { readonly 4?: string; readonly 6?: string; readonly sets?: string };
}

/** In the save format, one character a byte. */
export interface RulesetTexts {
  readonly 4?: string;
  readonly 6?: string;
}

/** Both families at once: they share nothing but the sets. Of each that is there `taken` is told at once. */
export async function load(
  namespace: Namespace,
  { rulesets, backend, files, policiesLeftOut = false, counters = false }: RehearsalInput,
  taken: (family: 4 | 6) => void = () => undefined,
): Promise<Result<void>> {
  const one = async (family: 4 | 6): Promise<Result<void>> => {
    const text = rulesets[family];
    if (text === undefined) return ok(undefined);
    const file = files?.[family] ?? `rules (IPv${family})`;
    const restored = await restore(namespace, text, { family, backend, file, policiesLeftOut, counters });
    if (restored.ok) taken(family);
    return restored;
  };
  // iptables-legacy has one lock; waiting for it is cheaper than a second try.
  const results = await Promise.all([one(4), one(6)]);
  const problems = results.flatMap((result) => (result.ok ? [] : result.problems));
  return problems.length > 0 ? failed(...problems) : ok(undefined);
}
