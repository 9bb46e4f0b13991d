/** A rule of policy routing, as a facts file says it. Networks are `ADDRESS/LENGTH`. */
export interface StagedRule {
  readonly family: 4 | 6;
  readonly priority: number;
  readonly action: 'table' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit';
  /** Left out with `table`: that of the packet's VRF. */
  readonly table?: string;
  /** Of `goto`: the priority to go on with. */
  readonly target?: number;
  readonly not?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly in?: string;
  readonly out?: string;
  /** `NUMBER/MASK`. */
  readonly mark?: string;
  /** What else it asks for, as `name value`. */
  readonly other?: readonly string[];
}

const word = /^[^\s/:"'\\#-][^\s:"'\\#]*$/;
const network = /^[0-9A-Fa-f.:/]+$/;
/** What `ip` takes in the words in which it prints it (ip-rule(8)). */
const taken = /^(?:(?:tos|ipproto|sport|suppress_prefixlength) [0-9A-Za-z-]+)$/;
/** Asks for a packet's VRF, of which the action tells already. */
const ofVrf = /^l3mdev\b/;

/** True for the rules that the kernel makes by itself. */
export function usualRules(rules: readonly StagedRule[]): boolean {
  return rules.every(({ priority, action, table, not, from, to, in: into, out, mark, other = [] }) => {
    const asks = not === true || other.length > 0 || [from, to, into, out, mark].some((value) => value !== undefined);
    return !asks && action === 'table' && usual.get(priority) === table;
  });
}

const usual: ReadonlyMap<number, string> = new Map([
  [0, 'local'],
  [32766, 'main'],
  [32767, 'default'],
]);

/** For `ip -batch`; `undefined` for a rule that asks for something that has no words here. */
export function ruleLine(rule: StagedRule): string | undefined {
  const { priority, action, table, target, not = false, from, to, in: into, out, mark, other = [] } = rule;
  const words = [table, into, out, mark?.replace('/', '')].filter((value) => value !== undefined);
  const networks = [from, to].filter((value) => value !== undefined);
  if (!words.every((value) => word.test(value)) || !networks.every((value) => network.test(value))) return undefined;
  const more = other.filter((one) => !ofVrf.test(one));
  if (!more.every((one) => taken.test(one))) return undefined;
  const said = (name: string, value: string | undefined): readonly string[] => (value === undefined ? [] : [`${name} ${value}`]);
  const what =
    action === 'table' ? (table === undefined ? 'l3mdev' : `table ${table}`) : action === 'goto' ? `goto ${target}` : action;
  return [
    'rule add',
    ...(not ? ['not'] : []),
    ...said('from', from),
    ...said('to', to),
    ...said('iif', into),
    ...said('oif', out),
    ...said('fwmark', mark),
    ...more,
    `priority ${priority}`,
    what,
  ].join(' ');
}
