import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Family } from '../../../src/model/net/index.ts';
import { printRuleset } from '../../../src/model/ruleset/index.ts';
import { parseScript, runScript } from '../../../src/model/ruleset/script/index.ts';
import { problemsHold, promise, rulesetHolds } from '../promises.ts';
import type { Random } from '../random.ts';
import { filled, numbered, type Target } from '../target.ts';

const root = join(import.meta.dirname, '../../../testdata/scripts');
const scripts = readdirSync(root)
  .filter((path) => path.endsWith('.sh'))
  .sort()
  .map((path) => readFileSync(join(root, path), 'latin1'));
const lines = scripts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
const calls = [
  ...['iptables -A INPUT -j ACCEPT', 'iptables -I INPUT -s 10.0.0.1 -j DROP', 'iptables -N X', 'iptables -X', 'iptables -F'],
  ...['iptables -A X -j X', 'iptables -A INPUT -j X', 'iptables -E X Y', 'iptables -D INPUT 1', 'iptables -R INPUT 1 -j Y'],
  ...['iptables -P INPUT DROP', 'iptables -Z', 'iptables -t nat -A POSTROUTING -j MASQUERADE', 'ip6tables -A INPUT -s ::1'],
  ...[
    'iptables -D INPUT -j ACCEPT',
    'iptables -C INPUT -j ACCEPT',
    'iptables -A INPUT -s 10.0.0.1,10.0.0.2 -d 10.0.0.3,10.0.0.4',
  ],
  'iptables-restore <<END\n*filter\n:X -\n-A X -j ACCEPT\nCOMMIT\nEND',
];
const marks = [
  ...' \t\n\r\0"\'\\$`#;&|<>(){}[]!=*?~-',
  ...[
    '&&',
    '||',
    ';;',
    '<<E\n',
    '<<-E\n',
    "<<'E'\n",
    '\nE\n',
    '2>&1',
    '$(',
    '"$(',
    '(a;',
    '${',
    '$X',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's own.
    '${X}',
    '$1',
    '$((1))',
    '\\\n',
    '\r\n',
  ],
  ...['if ', 'then ', 'fi', 'for x in ', 'do ', 'done', 'case x in ', 'esac', '{ ', ' }', 'f() ', 'function f ', '[[ ', ' ]]'],
  ...['X=1 ', 'X="-j" ', 'export ', 'unset X', 'set -e', 'exit', 'sudo ', 'alias a=iptables', 'iptables ', 'ip6tables-legacy '],
  ...[
    '-t ',
    'nat ',
    '--',
    '-w 5',
    '-c 1 2',
    '--comment "a b" ',
    '-m comment ',
    '-m set --match-set a src ',
    '-p tcp --dport 22 ',
  ],
  ...['x'.repeat(40), '\xff', '\xe2\x82\xac', '99999999999999999999', '-1', '0/0', '::/0', 'iptables -A INPUT -j ACCEPT\n'],
];
/** All of a megabyte is read, and so much of it done: each command makes the tables anew, so time grows with its square. */
const mostRun = 1000;

const piecesOf = (random: Random) => random.pick([lines, calls, marks]);

/** A shell script with calls of iptables in it: cut, read, and done in thought. */
export const script: Target<string> = {
  name: 'script',
  make(random) {
    let changed = random.once(3)
      ? random.pick(scripts.filter((text) => text.length < 3000))
      : Array.from({ length: 1 + random.nat(8) }, () => random.pick(piecesOf(random))).join(
          random.pick(['\n', '\n', '; ', ' && ']),
        );
    for (let edit = random.nat(4); edit > 0; edit -= 1) {
      const at = random.nat(changed.length + 1);
      changed = changed.slice(0, at) + random.pick(marks) + changed.slice(at + random.nat(3));
    }
    return changed;
  },
  makeLarge(random) {
    const kinds = [
      () => filled(random.pick(marks)),
      () => filled(`${random.pick(lines)}\n`),
      () => filled(`${random.pick(calls)}\n`),
      () => `iptables -N X\n${filled(`${random.pick(calls)}\n`)}`,
      () => numbered((number) => `iptables -A INPUT -s 10.${number >> 16}.${(number >> 8) & 255}.${number & 255} -j ACCEPT\n`),
      () => numbered((number) => `iptables -N c${number}\n`),
      () => numbered((number) => `iptables -N c${number}\niptables -A c${number} -j c${Math.max(0, number - 1)}\n`),
      () => numbered((number) => `X${number}=${number}\n`),
      () => numbered((number) => `cat <<E${number}\n$X\nE${number}\n`),
      () => `iptables-restore <<'E'\n*filter\n${'-A INPUT -j ACCEPT\n'.repeat(mostRun)}${filled('# x\n')}COMMIT\nE\n`,
      () => `iptables -A INPUT -m comment --comment ${random.pick(['"', "'", '', '${', '$('])}${filled(random.pick(marks))}`,
      () => `X="${filled(random.pick([' ', 'a ', 'x']))}"\niptables -A INPUT $X\n`,
    ];
    return random.pick(kinds)();
  },
  check(text) {
    const read = parseScript(text, { file: 'F' });
    if (!read.ok) {
      problemsHold(read.problems, text);
      return false;
    }
    const last = text.split('\n').length;
    for (const { line } of read.value.statements) promise(line >= 0 && line <= last, `line ${line} is one of ${last}`);
    const { steps, left } = runScript({ ...read.value, statements: read.value.statements.slice(0, mostRun) });
    promise(steps.length === Math.min(read.value.statements.length, mostRun), 'each statement is a step');
    for (const { problem, outcome } of steps)
      promise((problem !== null) === (outcome === 'failed' || outcome === 'not-understood'), `${outcome} says why if it must`);
    const problems = steps.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0) problemsHold(problems, text);
    for (const family of [4, 6] as const) leaves(family, left[family]);
    return steps.some(({ outcome }) => outcome === 'done');
  },
};

/** What is left is a ruleset as iptables-save would print it, and each of its rules comes from somewhere. */
function leaves(family: Family, { ruleset, lines: from }: ReturnType<typeof runScript>['left'][Family]): void {
  const rules = ruleset.tables.reduce((sum, table) => sum + table.rules.length, 0);
  promise(rules === from.length, `${rules} rules come from ${from.length} lines`);
  if (rules > 0) promise(rulesetHolds(printRuleset(ruleset), family), 'what a script leaves reads');
}
