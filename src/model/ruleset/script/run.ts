import type { Problem } from '../../../result.ts';
import type { Family } from '../../net/index.ts';
import { brief } from '../brief.ts';
import { emptyRuleset, parseRuleset } from '../parse.ts';
import type { Ruleset } from '../ruleset.ts';
import { applyCommand } from './change.ts';
import type { IptablesCommand, Refusal } from './command.ts';
import {
  chainsInOrder,
  emptyFirewall,
  type Firewall,
  firewallOf,
  firewallText,
  type StandingRule,
  type Undecided,
} from './firewall.ts';
import { applyRestore } from './restore.ts';
import type { Script, Statement } from './script.ts';

export interface RunOptions {
  /** What the rules are before the script; empty when left out. */
  readonly start?: Partial<Readonly<Record<Family, Ruleset>>>;
  /** What plain `iptables` is; else what the script names elsewhere, and nft if nothing does. */
  readonly backend?: 'nft' | 'legacy';
}

/** A script done in thought, command by command. */
export interface Steps {
  readonly backend: 'nft' | 'legacy';
  readonly steps: readonly Step[];
  /** What it leaves. */
  readonly left: Readonly<Record<Family, Left>>;
  /** What stood there after the step of that index. It is worked out anew from the start. */
  after(step: number): Readonly<Record<Family, Left>>;
}

/** One family's rules, and from where they are. */
export interface Left {
  readonly ruleset: Ruleset;
  /** Line of the script for each rule of `ruleset.tables`, table after table in the order of the text; `null`: from before. */
  readonly lines: readonly (number | null)[];
  /** Of each of them its number in its chain, also where others were left out. */
  readonly numbers: readonly number[];
  /** Some command of the script was about this family, or it began with rules. */
  readonly used: boolean;
}

export interface Step {
  readonly statement: Statement;
  /**
   * `done`: as iptables would. `failed`: iptables refuses it, the state is as before. `passed-over`: none of a ruleset's
   * business. `skipped`: it does not run, since what is in front of it ended otherwise or the script had ended.
   * `not-understood`: the state after it is as if it were not there, which may be wrong.
   */
  readonly outcome: 'done' | 'failed' | 'passed-over' | 'skipped' | 'not-understood';
  /** Why, for `failed` and `not-understood`. */
  readonly problem: Problem | null;
  /** Something in the script deals with the failure. */
  readonly expected: boolean;
  /** How many rules each family then holds. */
  readonly rules: Readonly<Record<Family, number>>;
}

/** What the kernel holds at one moment of a script. It stays as it was while the script goes on. */
export interface State {
  /** The command that has been done by now, or of which a part has. */
  readonly step: Step;
  /** Of a restore of several tables, which the kernel takes one by one: the table of this moment, unless it is the last. */
  readonly part: string | null;
  /** Families that hold other rules than the moment before. What zeroes counters changes none. */
  readonly changed: readonly Family[];
  /** One family's rules of this moment; only those that `keeps` says yes to, where just a few are asked about. */
  left(family: Family, keeps?: (rule: StandingRule) => boolean): Left;
}

/** Goes through the script as {@link runScript} does, and stops after every change that the kernel makes. */
export function* scriptStates(script: Script, options: RunOptions = {}): Generator<State> {
  const machine = newMachine(script, backendOf(script, options), options);
  let before = snapshot(machine);
  const stateOf = (step: Step, part: string | null, now: Machine['firewalls']): State => {
    const { file, used } = machine;
    const known = { ...used };
    const counting = step.statement.kind === 'iptables' && isZeroing(step.statement.command);
    const changed = ([4, 6] as const).filter((family) => !counting && !isSame(before[family], now[family]));
    before = now;
    return { step, part, changed, left: (family, keeps) => left(now[family], file, known[family], keeps) };
  };
  for (const statement of script.statements) {
    machine.commits.length = 0;
    const step = take(machine, statement);
    for (const { table, family, tables } of machine.commits.slice(0, -1)) {
      yield stateOf(step, table, { ...before, [family]: { ...before[family], tables } });
    }
    yield stateOf(step, null, snapshot(machine));
  }
}

function isZeroing(command: IptablesCommand | Refusal): boolean {
  return command.kind === 'command' && command.action.kind === 'zero';
}

/** Tables are never changed in place. */
function snapshot({ firewalls }: Machine): Machine['firewalls'] {
  const of = (family: Family): Firewall => ({ ...firewalls[family], tables: new Map(firewalls[family].tables) });
  return { 4: of(4), 6: of(6) };
}

function isSame(left: Firewall, right: Firewall): boolean {
  return left.tables.size === right.tables.size && [...left.tables].every(([name, table]) => right.tables.get(name) === table);
}

/** As asked for, or as the script names it somewhere; nft if nothing does. */
export function backendOf(script: Script, options: RunOptions): 'nft' | 'legacy' {
  const named = script.statements.find((one) => (one.kind === 'iptables' || one.kind === 'restore') && one.backend !== null);
  const own = named !== undefined && 'backend' in named ? named.backend : null;
  return options.backend ?? own ?? 'nft';
}

/** Does what the script says to an empty firewall or a given one. Nothing runs. */
export function runScript(script: Script, options: RunOptions = {}): Steps {
  const backend = backendOf(script, options);
  const steps: Step[] = [];
  const machine = newMachine(script, backend, options);
  for (const statement of script.statements) steps.push(take(machine, statement));
  return {
    backend,
    steps,
    left: bothLeft(machine),
    after(step) {
      const again = newMachine(script, backend, options);
      for (const statement of script.statements.slice(0, step + 1)) take(again, statement);
      return bothLeft(again);
    },
  };
}

type Status = 'well' | 'badly' | 'unknown';

interface Machine {
  readonly file: string;
  readonly backend: 'nft' | 'legacy';
  readonly firewalls: Readonly<Record<Family, Firewall>>;
  readonly used: Record<Family, boolean>;
  /** What the last restore did, table by table. */
  readonly commits: { readonly table: string; readonly family: Family; readonly tables: Firewall['tables'] }[];
  /** How the last command ended. */
  status: Status;
  stops: boolean;
  ended: boolean;
}

function newMachine(script: Script, backend: 'nft' | 'legacy', { start = {} }: RunOptions): Machine {
  const begin = (family: Family): Firewall => {
    const ruleset = start[family];
    return ruleset === undefined ? emptyFirewall(family, backend) : firewallOf(ruleset, backend);
  };
  return {
    file: script.file,
    backend,
    firewalls: { 4: begin(4), 6: begin(6) },
    used: { 4: start[4] !== undefined, 6: start[6] !== undefined },
    commits: [],
    status: 'well',
    stops: false,
    ended: false,
  };
}

function take(machine: Machine, statement: Statement): Step {
  const step = (outcome: Step['outcome'], problem: Problem | null = null): Step => ({
    statement,
    outcome,
    problem,
    expected: statement.asked || statement.negated,
    rules: { 4: countRules(machine.firewalls[4]), 6: countRules(machine.firewalls[6]) },
  });
  const unclear = (why: string, hint: string): Step => {
    machine.status = 'unknown';
    return step('not-understood', {
      code: 'script-unclear',
      at: { file: machine.file, line: statement.line },
      message: brief(why),
      hint: brief(hint),
    });
  };
  if (machine.ended) return step('skipped');
  const wanted = statement.after === '&&' ? 'well' : statement.after === '||' ? 'badly' : null;
  const writes = statement.kind === 'iptables' || statement.kind === 'restore' || statement.kind === 'not-understood';
  if (wanted !== null && machine.status !== wanted) {
    if (machine.status !== 'unknown') return step('skipped');
    if (!writes) return step('passed-over');
    return unclear('whether it runs hangs on a command before it, and how that ends is not known', 'put it on a line of its own');
  }
  switch (statement.kind) {
    case 'passed-over':
    case 'sets': {
      const succeeds = statement.kind === 'sets' ? null : statement.succeeds;
      machine.status = succeeds === null ? 'unknown' : succeeds !== statement.negated ? 'well' : 'badly';
      return step('passed-over');
    }
    case 'stops':
      machine.stops = statement.on;
      machine.status = 'well';
      return step('passed-over');
    case 'end':
      machine.ended = true;
      return step('passed-over');
    case 'not-understood':
      return unclear(statement.why, statement.hint);
  }
  if (statement.backend !== null && statement.backend !== machine.backend) {
    const why = `iptables-${statement.backend} keeps rules beside those of iptables-${machine.backend}, and palisade follows one of them here`;
    return unclear(why, 'put its commands into a script of their own');
  }
  const { family } = statement;
  machine.used[family] = true;
  const wrong = applied(machine, statement);
  if (wrong?.kind === 'undecided') return unclear(wrong.why, wrong.hint);
  const failed = wrong !== null;
  machine.status = failed === statement.negated ? 'well' : 'badly';
  // A failure that something asks about, or that "!" turns round, does not end the script.
  if (failed && machine.stops && !statement.asked && !statement.negated) machine.ended = true;
  if (wrong === null) return step('done');
  const at = { file: machine.file, line: statement.line };
  return step('failed', { code: 'script-refused', at, message: brief(wrong.message), hint: brief(wrong.hint) });
}

function applied(machine: Machine, statement: Statement & { kind: 'iptables' | 'restore' }): Refusal | Undecided | null {
  const { family } = statement;
  const firewall = machine.firewalls[family];
  if (statement.kind === 'restore') {
    return applyRestore(firewall, statement.restore, (table) => {
      machine.commits.push({ table, family, tables: new Map(firewall.tables) });
    });
  }
  const { command, line } = statement;
  return command.kind === 'refused' ? command : applyCommand(firewall, command, line);
}

function countRules(firewall: Firewall): number {
  let count = 0;
  for (const table of firewall.tables.values()) for (const chain of table.chains.values()) count += chain.rules.length;
  return count;
}

function bothLeft({ firewalls, file, used }: Machine): Steps['left'] {
  return { 4: left(firewalls[4], file, used[4]), 6: left(firewalls[6], file, used[6]) };
}

function left(firewall: Firewall, file: string, used: boolean, keeps?: (rule: StandingRule) => boolean): Left {
  const { family } = firewall;
  const text = firewallText(firewall, keeps);
  if (text === '') return { ruleset: emptyRuleset(family, file), lines: [], numbers: [], used };
  const parsed = parseRuleset(text, { file, family });
  if (!parsed.ok) throw new Error(`what a script leaves does not read: ${parsed.problems[0]?.message}`);
  const lines: (number | null)[] = [];
  const numbers: number[] = [];
  for (const { name } of parsed.value.tables) {
    const table = firewall.tables.get(name);
    for (const [chain, { rules }] of table === undefined ? [] : chainsInOrder(table)) {
      for (const [index, rule] of rules.entries()) {
        if (keeps?.({ table: name, chain, rule }) === false) continue;
        lines.push(rule.line);
        numbers.push(index + 1);
      }
    }
  }
  return { ruleset: parsed.value, lines, numbers, used };
}
