import { verdictTargets } from '../core.ts';
import { findTarget } from '../extensions/index.ts';
import { isBuiltin } from '../ruleset.ts';
import { type IptablesCommand, type Refusal, refused } from './command.ts';
import {
  type ChainState,
  countOf,
  emptyTable,
  type Firewall,
  type RuleState,
  readRules,
  type TableState,
  type Undecided,
  undecided,
} from './firewall.ts';
import { isTelling, unloadable } from './loadable.ts';

/**
 * Does to the firewall what iptables would do to the kernel's. Whatever is refused leaves it as it was.
 * `null`: done.
 */
export function applyCommand(firewall: Firewall, command: IptablesCommand, line: number): Refusal | Undecided | null {
  const { action } = command;
  const table = firewall.tables.get(command.table) ?? emptyTable(command.table, firewall.backend);
  const changed = changedTable(firewall, table, command, line);
  if (changed === null || 'kind' in changed) return changed;
  const wrong = isRisky(firewall, table, changed, command) ? unloadable(changed, firewall.backend) : null;
  if (wrong !== null) return wrong;
  if (action.kind !== 'look' && action.kind !== 'check') firewall.tables.set(changed.name, changed);
  return null;
}

/** Most commands cannot make a good table bad; to look through it again after each of thousands would take long. */
function isRisky({ backend }: Firewall, before: TableState, after: TableState, { action }: IptablesCommand): boolean {
  const rules = (table: TableState): readonly RuleState[] => table.chains.get(action.chain ?? '')?.rules ?? [];
  const added = rules(after).length - rules(before).length;
  switch (action.kind) {
    case 'append':
      return rules(after).slice(-added).some(isTelling);
    case 'insert':
      return rules(after)
        .slice(action.number - 1, action.number - 1 + added)
        .some(isTelling);
    case 'replace':
    case 'delete':
      // What stood in front of a jump may have hidden it from the legacy kernel.
      return (
        backend === 'legacy' ||
        (action.kind === 'replace' &&
          rules(after)
            .slice(action.number - 1, action.number)
            .some(isTelling))
      );
    default:
      return false;
  }
}

/** The table after the command, or `null` when that changes nothing. What the kernel says of the whole is not asked. */
export function changedTable(
  firewall: Firewall,
  table: TableState,
  command: IptablesCommand,
  line: number,
): TableState | Refusal | Undecided | null {
  const { action } = command;
  const { chain } = action;
  const state = chain === null ? undefined : table.chains.get(chain);
  switch (action.kind) {
    case 'look':
      return chain === null || state !== undefined ? null : noChain(table, chain);
    case 'append':
    case 'insert':
    case 'replace':
    case 'delete':
    case 'check':
      return changedRules(firewall, table, command, line);
    case 'new-chain': {
      const wrong = badName(action.chain, firewall);
      if (wrong !== null) return wrong;
      if (state !== undefined)
        return refused(`chain ${action.chain} is there already`, 'leave the line out, or flush the chain instead');
      return withChain(table, action.chain, { policy: null, counters: null, rules: [] });
    }
    case 'policy':
      if (!isBuiltin(table.name, action.chain))
        return refused(`${action.chain} is no built-in chain of table ${table.name}`, 'only those have a policy');
      if (action.policy !== 'ACCEPT' && action.policy !== 'DROP')
        return refused(`${action.chain} cannot have the policy ${action.policy}`, 'write ACCEPT or DROP');
      if (table.name === 'nat' && action.policy === 'DROP') return notForFiltering;
      return withChain(table, action.chain, { ...(state as ChainState), policy: action.policy, counters: null });
    case 'flush':
    case 'zero': {
      if (chain !== null && state === undefined) return noChain(table, chain);
      if (action.kind === 'zero' && chain !== null && isBuiltin(table.name, chain) && !table.made.has(chain))
        return refused(`nobody has written to ${chain} yet, and nft makes a chain only then`, 'leave the line out');
      const chains = [...table.chains].map(([name, one]): [string, ChainState] => [
        name,
        chain !== null && name !== chain ? one : action.kind === 'flush' ? { ...one, rules: [] } : zeroed(one),
      ]);
      return { ...table, chains: new Map(chains), made: action.kind === 'flush' ? withMade(table, chain) : table.made };
    }
    case 'delete-chain':
      return withoutChains(table, chain, firewall.backend);
    case 'rename':
      return renamed(table, action.chain, action.name, firewall.backend);
  }
}

function changedRules(
  firewall: Firewall,
  table: TableState,
  command: IptablesCommand,
  line: number,
): TableState | Refusal | Undecided | null {
  const { action, rule: words } = command;
  const chain = action.chain as string;
  const state = table.chains.get(chain);
  const number = 'number' in action ? action.number : null;
  if (action.kind === 'delete' && number !== null) {
    if (state === undefined) return noChain(table, chain);
    if (number > state.rules.length) return tooBig(chain, state, number);
    return withChain(table, chain, { ...state, rules: state.rules.toSpliced(number - 1, 1) });
  }
  const counters = command.counters && { packets: countOf(command.counters[0]), bytes: countOf(command.counters[1]) };
  const read = readRules(firewall, table, chain, words, { counters, line });
  if ('kind' in read) return read;
  if (table.name === 'nat' && words.some((word, index) => word === 'DROP' && words[index - 1] === '-j')) return notForFiltering;
  if (action.kind === 'delete' || action.kind === 'check') {
    let left = state?.rules ?? [];
    for (const one of read) {
      const at = left.findIndex(({ says }) => says.exact === one.says.exact);
      const near = left.findIndex(({ says }) => says.loose === one.says.loose);
      if (near >= 0 && (at < 0 || near < at)) {
        const why = `whether it says the same as rule ${near + 1} of ${chain} hangs on how iptables reads its options`;
        return undecided(why, 'write both in the same spelling, or delete by number');
      }
      if (at < 0) return refused(`chain ${chain} holds no such rule`, 'check its spelling and the order of its matches');
      if (action.kind === 'delete') left = left.toSpliced(at, 1);
    }
    return action.kind === 'check' ? null : withChain(table, chain, { ...(state as ChainState), rules: left });
  }
  if (state === undefined) return noChain(table, chain);
  if (action.kind === 'append') return withChain(table, chain, { ...state, rules: [...state.rules, ...read] });
  const at = number ?? 1;
  if (action.kind === 'insert') {
    if (at > state.rules.length + 1) return tooBig(chain, state, at);
    // Each of several goes to the same number, so that they stand in reverse.
    return withChain(table, chain, { ...state, rules: state.rules.toSpliced(at - 1, 0, ...read.toReversed()) });
  }
  if (at > state.rules.length) return tooBig(chain, state, at);
  if (read.length !== 1) return refused('-R takes one source and one destination', 'write a line for each address');
  return withChain(table, chain, { ...state, rules: state.rules.toSpliced(at - 1, 1, read[0] as RuleState) });
}

const notForFiltering = refused('table nat is not for filtering, and iptables refuses DROP in it', 'drop in table filter or raw');

function noChain(table: TableState, chain: string): Refusal {
  return refused(`table ${table.name} has no chain ${chain}`, 'create it first, with -N');
}

function tooBig(chain: string, { rules }: ChainState, number: number): Refusal {
  const count = rules.length === 1 ? '1 rule' : `${rules.length} rules`;
  return refused(`there is no rule ${number} in ${chain}, which holds ${count} here`, 'take a number that is there');
}

function withChain(table: TableState, name: string, chain: ChainState): TableState {
  return { ...table, chains: new Map(table.chains).set(name, chain), made: withMade(table, name) };
}

function withMade(table: TableState, chain: string | null): ReadonlySet<string> {
  return chain === null || !isBuiltin(table.name, chain) ? table.made : new Set(table.made).add(chain);
}

function zeroed(chain: ChainState): ChainState {
  return { ...chain, counters: null, rules: chain.rules.map((rule) => ({ ...rule, counters: null })) };
}

/** iptables itself looks at the name of a new chain; nobody looks at that of a renamed one. */
function badName(name: string, { family }: Firewall): Refusal | Undecided | null {
  if (name.length > 28) return refused(`the chain name ${name} has ${name.length} bytes`, 'shorten it to 28');
  const target = findTarget(name, family);
  if (verdictTargets.has(name) || (target !== null && target !== 'other-family'))
    return refused(`${name} is the name of a target`, 'choose another name');
  return oddName(name);
}

function oddName(name: string): Undecided | null {
  if (name.length <= 28 && /^[!#-~\x80-\xff]+$/.test(name)) return null;
  return undecided(
    `a chain of this name is saved by iptables in a form that it cannot restore`,
    'choose a name without blanks, up to 28 bytes',
  );
}

function jumpsTo(table: TableState, chain: string): boolean {
  return [...table.chains.values()].some(({ rules }) => rules.some(({ says }) => says.jump?.chain === chain));
}

function isIdle(chain: ChainState | undefined): boolean {
  return chain?.policy === 'ACCEPT' && chain.rules.length === 0;
}

function withoutChains(table: TableState, only: string | null, backend: 'nft' | 'legacy'): TableState | Refusal {
  const own = [...table.chains.keys()].filter((name) => !isBuiltin(table.name, name));
  // nft unmakes built-in chains that hold nothing; what they do to packets stays the same.
  const idle = [...table.made].filter((name) => backend === 'nft' && isIdle(table.chains.get(name)));
  if (only !== null && idle.includes(only)) return { ...table, made: new Set([...table.made].filter((name) => name !== only)) };
  if (only !== null && !own.includes(only))
    return table.chains.has(only) ? refused(`${only} is built in and stays`, 'flush it instead, with -F') : noChain(table, only);
  const gone = only === null ? own : [only];
  for (const name of gone) {
    if ((table.chains.get(name)?.rules.length ?? 0) > 0)
      return refused(`chain ${name} still holds rules`, 'flush it first, with -F');
    if (jumpsTo(table, name)) return refused(`rules still jump to chain ${name}`, 'delete them first');
  }
  const made = only === null ? new Set([...table.made].filter((name) => !idle.includes(name))) : table.made;
  return { ...table, chains: new Map([...table.chains].filter(([name]) => !gone.includes(name))), made };
}

function renamed(table: TableState, from: string, to: string, backend: 'nft' | 'legacy'): TableState | Refusal | Undecided {
  if (backend === 'nft' && isBuiltin(table.name, from) && table.made.has(from) && !table.chains.has(to)) {
    const why = `iptables-nft renames the built-in ${from}: its rules stay in force, and iptables no longer shows them`;
    return undecided(why, 'leave the line out');
  }
  if (table.chains.has(to)) return refused(`chain ${to} is there already`, 'choose another name');
  if (!table.chains.has(from) || isBuiltin(table.name, from)) return noChain(table, from);
  const odd = oddName(to);
  if (odd !== null) return odd;
  const target = findTarget(to, 4) ?? findTarget(to, 6);
  if (verdictTargets.has(to) || target !== null)
    return undecided(`${to} is the name of a target too`, 'choose another name: backends differ in which of the two -j means');
  const inRule = (rule: RuleState): RuleState => {
    const { jump } = rule.says;
    if (jump === null || jump.chain !== from) return rule;
    const text = rule.text.slice(0, jump.start) + to + rule.text.slice(jump.end);
    const says = {
      ...rule.says,
      jump: { chain: to, start: jump.start, end: jump.start + to.length },
      exact: renamedIn(rule.says.exact, from, to),
      loose: renamedIn(rule.says.loose, from, to),
    };
    return { ...rule, text, says };
  };
  const chains = [...table.chains].map(([name, chain]): [string, ChainState] => [
    name === from ? to : name,
    { ...chain, rules: chain.rules.some(({ says }) => says.jump?.chain === from) ? chain.rules.map(inRule) : chain.rules },
  ]);
  return { ...table, chains: new Map(chains) };
}

/** The target stands last. */
function renamedIn(identity: string, from: string, to: string): string {
  return identity.slice(0, identity.length - from.length) + to;
}
