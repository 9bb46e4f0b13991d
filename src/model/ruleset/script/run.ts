import type { Problem } from '../../../result.ts';
import type { Family } from '../../net/index.ts';
import { brief } from '../brief.ts';
import { emptyRuleset, parseRuleset } from '../parse.ts';
import type { Ruleset } from '../ruleset.ts';
import { applyCommand } from './change.ts';
import type { Refusal } from './command.ts';
import { chainsInOrder, emptyFirewall, type Firewall, firewallOf, firewallText, type Undecided } from './firewall.ts';
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

/** Does what the script says to an empty firewall or a given one. Nothing runs. */
export function runScript(script: Script, options: RunOptions = {}): Steps {
  const named = script.statements.find((one) => (one.kind === 'iptables' || one.kind === 'restore') && one.backend !== null);
  const own = named !== undefined && 'backend' in named ? named.backend : null;
  const backend = options.backend ?? own ?? 'nft';
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
  const wrong = applied(machine.firewalls[family], statement);
  if (wrong?.kind === 'undecided') return unclear(wrong.why, wrong.hint);
  const failed = wrong !== null;
  machine.status = failed === statement.negated ? 'well' : 'badly';
  // A failure that something asks about, or that "!" turns round, does not end the script.
  if (failed && machine.stops && !statement.asked && !statement.negated) machine.ended = true;
  if (wrong === null) return step('done');
  const at = { file: machine.file, line: statement.line };
  return step('failed', { code: 'script-refused', at, message: brief(wrong.message), hint: brief(wrong.hint) });
}

function applied(firewall: Firewall, statement: Statement & { kind: 'iptables' | 'restore' }): Refusal | Undecided | null {
  if (statement.kind === 'restore') return applyRestore(firewall, statement.restore);
  const { command, line } = statement;
  return command.kind === 'refused' ? command : applyCommand(firewall, command, line);
}

function countRules(firewall: Firewall): number {
  let count = 0;
  for (const table of firewall.tables.values()) for (const chain of table.chains.values()) count += chain.rules.length;
  return count;
}

function bothLeft(machine: Machine): Steps['left'] {
  return { 4: left(machine, 4), 6: left(machine, 6) };
}

function left({ file, firewalls, used }: Machine, family: Family): Left {
  const firewall = firewalls[family];
  const text = firewallText(firewall);
  if (text === '') return { ruleset: emptyRuleset(family, file), lines: [], used: used[family] };
  const parsed = parseRuleset(text, { file, family });
  if (!parsed.ok) throw new Error(`what a script leaves does not read: ${parsed.problems[0]?.message}`);
  const tables = parsed.value.tables.flatMap(({ name }) => firewall.tables.get(name) ?? []);
  const lines = tables.flatMap((table) => chainsInOrder(table).flatMap(([, chain]) => chain.rules.map((rule) => rule.line)));
  return { ruleset: parsed.value, lines, used: used[family] };
}
