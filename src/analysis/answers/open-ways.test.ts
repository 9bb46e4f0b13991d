import { expect, it } from 'vitest';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { problemLine } from '../../result.ts';
import type { Source } from '../symbolic/index.ts';
import { compareRulesets } from './diff.ts';

const nothing = { sets: null, links: null, addresses: null, routes: null, listeners: null };

function source(text: string): Source {
  const parsed = parseRuleset(text, { file: 'rules', family: 4 });
  if (!parsed.ok) throw new Error(parsed.problems.map(problemLine).join('\n'));
  return { ruleset: parsed.value, surroundings: nothing };
}

const filter = (rules: string, policy = 'DROP'): string =>
  `*filter\n:INPUT ${policy} [0:0]\n:FORWARD ${policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n:PAL-IN - [0:0]\n${rules}\nCOMMIT\n`;
const policy = '-A INPUT -j PAL-IN\n-A PAL-IN -i lo -j ACCEPT\n-A PAL-IN -p tcp --dport 22 -j ACCEPT\n-A PAL-IN -j DROP';
const raw = (rule: string): string => `*raw\n:PREROUTING ACCEPT [0:0]\n${rule}\nCOMMIT\n`;

it.each([
  ['nothing changed', filter(policy), []],
  ['a rule on top', filter(`-A INPUT -j ACCEPT\n${policy}`), ['input']],
  ['the jump is gone, and the policy accepts', filter('-A PAL-IN -j DROP', 'ACCEPT'), ['input', 'forward']],
  ['a rule in the own chain', filter(`-A PAL-IN -j ACCEPT\n${policy}`), ['input']],
  ['for one protocol', filter(`-A INPUT -p tcp -j ACCEPT\n${policy}`), []],
  [
    'for half of the world each',
    filter(`-A INPUT -s 0.0.0.0/1 -j ACCEPT\n-A INPUT -s 128.0.0.0/1 -j ACCEPT\n${policy}`),
    ['input'],
  ],
  ['for all but one address', filter(`-A INPUT ! -s 192.0.2.1/32 -j ACCEPT\n${policy}`), ['input, nearly']],
  [
    'behind bans',
    filter(`-A INPUT -s 203.0.113.0/24 -p tcp -j DROP\n-A INPUT -s 198.51.100.7/32 -j DROP\n-A INPUT -j ACCEPT\n${policy}`),
    ['input, nearly'],
  ],
  ['for private networks', filter(`-A INPUT -s 10.0.0.0/8 -j ACCEPT\n${policy}`), []],
  ['for all but a part of the world', filter(`-A INPUT ! -s 192.0.0.0/4 -j ACCEPT\n${policy}`), []],
  ['for all but one port', filter(`-A INPUT -p tcp -m tcp --dport 3306 -j DROP\n-A INPUT -j ACCEPT\n${policy}`), []],
  ['a limit', filter(`-A INPUT -m limit --limit 5/sec -j ACCEPT\n${policy}`), []],
  [
    'what belongs to nothing is dropped before',
    filter(`-A INPUT -m conntrack --ctstate INVALID -j DROP\n-A INPUT -j ACCEPT\n${policy}`),
    ['input'],
  ],
  [
    'flags that nobody sends are dropped before',
    raw(
      '-A PREROUTING -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP\n-A PREROUTING -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP',
    ) + filter(`-A INPUT -j ACCEPT\n${policy}`),
    ['input'],
  ],
  ['SYNs are dropped before', raw('-A PREROUTING -p tcp -m tcp --syn -j DROP') + filter(`-A INPUT -j ACCEPT\n${policy}`), []],
  ['later fragments are dropped before', filter(`-A INPUT -f -j DROP\n-A INPUT -j ACCEPT\n${policy}`), ['input']],
])('%s', (_, after, opened) => {
  const { opened: found } = compareRulesets(4, source(filter(policy)), source(after));
  expect(found.map(({ hook, exact }) => (exact ? hook : `${hook}, nearly`))).toEqual(opened);
});
