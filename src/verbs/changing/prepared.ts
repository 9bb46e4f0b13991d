import { ownOf, safeOrder, transactionsOf, type Wanted } from '../../change/index.ts';
import { rehearse } from '../../kernel/index.ts';
import type { Backend, Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { type Compiled, setsText } from '../../policy/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { HostAndSets } from '../reading.ts';
import type { Context } from '../verb.ts';

export interface Prepared {
  readonly backend: Backend;
  readonly wanted: readonly Wanted[];
  /** Tables that differ. */
  readonly changes: number;
}

/** Loads what is to be into a namespace, where the kernel says whether it takes it, and how it prints it. */
export async function prepare(
  context: Context,
  before: HostAndSets,
  after: Host,
  made: Compiled,
  asked: Backend | undefined,
): Promise<Result<Prepared>> {
  const rulesets: Partial<Record<Family, Ruleset>> = {};
  const current: Partial<Record<Family, Ruleset>> = {};
  for (const family of [4, 6] as const) {
    const [old, now] = [before.host.rulesets[family], after.rulesets[family]];
    if (!old.known || !now.known)
      return failed({ code: 'unread', message: `the IPv${family} rules are unknown`, hint: 'see palisade status' });
    current[family] = old.value;
    rulesets[family] = now.value;
  }
  const [four, six] = [rulesets[4], rulesets[6]];
  if (four === undefined || six === undefined || !before.sets.known)
    return failed({ code: 'unread', message: 'the sets of this host are unknown', hint: 'see palisade status' });
  const backend = asked ?? current[4]?.writer?.backend ?? current[6]?.writer?.backend ?? 'nft';
  context.progress('rehearsing the change');
  const there = before.host.sets.known ? before.host.sets.value : new Map();
  const sets = `${before.sets.value}${setsText(made.sets.filter(({ name }) => !there.has(name)))}`;
  const rehearsed = await rehearse(context.kernel, {
    backend,
    rulesets: { 4: four.text, 6: six.text },
    sets,
    policiesLeftOut: true,
  });
  if (!rehearsed.ok) return rehearsed;
  await using rehearsal = rehearsed.value;
  const back = await rehearsal.readBack();
  if (!back.ok) return back;
  const wanted: Wanted[] = [];
  let changes = 0;
  for (const family of [4, 6] as const) {
    const text = back.value[family] ?? '';
    const parsed = parseRuleset(text, { family, file: 'the rehearsed rules' });
    const own = text.trim() === '' ? [] : parsed.ok ? ownOf(parsed.value) : [];
    const [old, now] = [current[family], rulesets[family]];
    if (old === undefined || now === undefined) continue;
    const open = transactionsOf(ownOf(old), own);
    changes += open.length;
    const order = safeOrder(
      after,
      family,
      old,
      now,
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
