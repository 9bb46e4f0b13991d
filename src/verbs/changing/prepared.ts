import { ownOf, safeOrder, transactionsOf, type Wanted } from '../../change/index.ts';
import { type RulesetTexts, rehearse } from '../../kernel/index.ts';
import type { Backend, Host } from '../../model/host/index.ts';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { type Compiled, setsText } from '../../policy/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import { isOwnSet } from '../planning/index.ts';
import type { HostAndSets } from '../reading.ts';
import type { Context } from '../verb.ts';

export interface Prepared {
  readonly backend: Backend;
  readonly wanted: readonly Wanted[];
  /** Tables that differ. */
  readonly changes: number;
}

/** What the kernel took in a namespace, as it prints it. */
export interface Rehearsed {
  readonly backend: Backend;
  readonly texts: RulesetTexts;
}

/** Loads what is to be into a namespace, where the kernel says whether it takes it, and how it prints it. */
export async function rehearseChange(
  context: Context,
  before: HostAndSets,
  after: Host,
  made: Compiled,
  asked: Backend | undefined,
): Promise<Result<Rehearsed>> {
  const [four, six] = [after.rulesets[4], after.rulesets[6]];
  if (!four.known || !six.known) return failed({ code: 'unread', message: 'the rules are unknown', hint: 'see palisade status' });
  if (!before.sets.known)
    return failed({ code: 'unread', message: 'the sets of this host are unknown', hint: 'see palisade status' });
  const writer = [before.host.rulesets[4], before.host.rulesets[6]].map((one) => (one.known ? one.value.writer?.backend : null));
  const backend = asked ?? writer[0] ?? writer[1] ?? 'nft';
  const rulesets = { 4: four.value.text, 6: six.value.text };
  const there = before.host.sets.known ? before.host.sets.value : new Map();
  const isAsked = (name: string): boolean => rulesets[4].includes(name) || rulesets[6].includes(name);
  // Sets of ours that the rules no longer ask are not tried.
  const left = [...there.keys()].filter((name) => isOwnSet(name) && !isAsked(name));
  const sets = `${withoutSets(before.sets.value, left)}${setsText(made.sets.filter(({ name }) => !there.has(name)))}`;
  const rehearsed = await rehearse(context.kernel, { backend, rulesets, sets, policiesLeftOut: true, readsBack: true });
  if (!rehearsed.ok) return rehearsed;
  await using rehearsal = rehearsed.value;
  const back = await rehearsal.readBack();
  return back.ok ? ok({ backend, texts: back.value }) : back;
}

function withoutSets(text: string, names: readonly string[]): string {
  if (names.length === 0) return text;
  const left = new Set(names);
  return text
    .split('\n')
    .filter((line) => !left.has(line.split(' ', 2)[1] ?? ''))
    .join('\n');
}

/** What the kernel printed beside what is there: which tables differ, and in which order they can be written. */
export function prepare(before: Host, after: Host, { backend, texts }: Rehearsed): Result<Prepared> {
  const wanted: Wanted[] = [];
  let changes = 0;
  for (const family of [4, 6] as const) {
    const text = texts[family] ?? '';
    const parsed = parseRuleset(text, { family, file: 'the rehearsed rules' });
    const own = text.trim() === '' ? [] : parsed.ok ? ownOf(parsed.value) : [];
    const [old, now] = [before.rulesets[family], after.rulesets[family]];
    if (!old.known || !now.known)
      return failed({ code: 'unread', message: `the IPv${family} rules are unknown`, hint: 'see palisade status' });
    const open = transactionsOf(ownOf(old.value), own);
    changes += open.length;
    const order = safeOrder(
      after,
      family,
      old.value,
      now.value,
      open.map(({ table }) => table),
    );
    if (order === null)
      return failed({
        code: 'restore-unsafe',
        message: `between two tables of IPv${family} packets could pass that neither the old nor the new rules let through`,
        hint: 'make the change in two steps: first without what is translated anew, then with it',
      });
    wanted.push({ family, own, order });
  }
  return ok({ backend, wanted, changes });
}
