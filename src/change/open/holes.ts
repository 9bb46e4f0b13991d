import { lineText, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import { ownPrefix } from '../../policy/index.ts';
import type { Transaction } from '../apply/transaction.ts';
import { denialsOnTop, openChain } from '../plan/others.ts';
import { foreignOf } from '../plan/planned.ts';

/** Something that is open for a while. Its rules carry when it ends, so that the kernel closes it, whatever becomes of palisade. */
export interface Hole {
  readonly service: string;
  /** Whom it lets in, in the words of whoever opened it. */
  readonly from: string;
  /** Epoch seconds. */
  readonly until: number;
  /** Rules of the chain, without `-A CHAIN`. */
  readonly rules: readonly string[];
}

/** A comment is 255 bytes at most (xt_comment.h). */
const lead = 'palisade open: ';

/**
 * Rules that let connections in until a moment. Both ends are said: a machine that starts with a clock of 1970, and with rules that
 * somebody saved, opens nothing.
 *
 * @param conditions what each rule matches
 * @param now epoch seconds, as `until`
 */
export function holeRules(
  conditions: readonly string[],
  service: string,
  from: string,
  now: number,
  until: number,
): readonly string[] {
  const time = `-m time --datestart ${date(now - 60)} --datestop ${date(until)}`;
  return conditions.map((condition) =>
    `${condition} ${time} -m comment --comment "${lead}${service} from ${from}" -j ACCEPT`.trim(),
  );
}

/** The clock of xt_time is UTC, to the second. */
function date(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** What is open in one family, also what has ended and still stands there. */
export function holesOf(ruleset: Ruleset): readonly Hole[] {
  const holes = new Map<string, Hole>();
  const chain = ruleset.tables.find(({ name }) => name === 'filter')?.chains.get(openChain);
  for (const rule of chain?.rules ?? []) {
    const text = lineText(ruleset, rule).slice(`-A ${openChain} `.length);
    const said = new RegExp(`--comment "?${lead}(\\S+) from ([^"]+?)"? -j`).exec(text);
    const until = /--datestop (\S+)/.exec(text)?.[1];
    // A rule that somebody else wrote there is kept, and is none of ours to name.
    const [service = '?', from = '?'] = said?.slice(1) ?? [];
    const key = `${service} ${from} ${until}`;
    const before = holes.get(key);
    const ends = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${until}Z`) / 1000;
    holes.set(key, { service, from, until: ends, rules: [...(before?.rules ?? []), text] });
  }
  return [...holes.values()];
}

/**
 * What `iptables-restore --noflush` reads to make these the holes of a family. The chain is entered from INPUT behind those who ban and
 * before everything else; and before what a policy drops early, if it does. Nothing is left of it where nothing is open.
 */
export function holeTransactions(ruleset: Ruleset, holes: readonly Hole[]): readonly Transaction[] {
  const rules = holes.flatMap((hole) => hole.rules);
  const early = ruleset.tables.find(({ name }) => name === 'raw')?.chains.has(`${ownPrefix}EARLY`) ?? false;
  return [...entered(ruleset, 'filter', 'INPUT', rules), ...entered(ruleset, 'raw', 'PREROUTING', early ? rules : [])];
}

function entered(ruleset: Ruleset, table: string, from: string, rules: readonly string[]): readonly Transaction[] {
  const found = ruleset.tables.find(({ name }) => name === table);
  const isThere = found?.chains.has(openChain) ?? false;
  if (!isThere && rules.length === 0) return [];
  const chain = found?.chains.get(from);
  const jumps = (chain?.rules ?? []).filter((rule) => leadsThere(ruleset, rule));
  const lines = [`*${table}`, `:${openChain} - [0:0]`];
  if (rules.length === 0) {
    lines.push(...jumps.map((rule) => lineText(ruleset, rule).replace(/^-A /, '-D ')), `-F ${openChain}`);
    // A chain that somebody else's rule leads to cannot go; it stays, and lets nobody in.
    const isAsked = (found?.rules ?? []).some((rule) => rule.chain !== from && leadsThere(ruleset, rule));
    if (!isAsked) lines.push(`-X ${openChain}`);
  } else {
    lines.push(...rules.map((rule) => `-A ${openChain} ${rule}`));
    if (jumps.length === 0) lines.push(`-I ${from} ${positionIn(ruleset, table, chain)} -j ${openChain}`);
  }
  return [{ table, text: `${lines.join('\n')}\nCOMMIT\n` }];
}

function leadsThere(ruleset: Ruleset, rule: Ruleset['tables'][number]['rules'][number]): boolean {
  const { effect } = ruleMeaning(ruleset, rule);
  return effect.kind === 'jump' && effect.chain === openChain;
}

type Chain = NonNullable<ReturnType<Ruleset['tables'][number]['chains']['get']>>;

/** Behind those who ban, before what is ours; in raw, right before what is ours, so that others see what they saw. */
function positionIn(ruleset: Ruleset, table: string, chain: Chain | undefined): number {
  if (chain === undefined) return 1;
  const own = chain.rules.findIndex((rule) => {
    const { effect } = ruleMeaning(ruleset, rule);
    return effect.kind === 'jump' && effect.chain.startsWith(ownPrefix);
  });
  if (own >= 0) return own + 1;
  return table === 'raw' ? chain.rules.length + 1 : denialsOnTop(ruleset, foreignOf(ruleset, chain)) + 1;
}
