import { expect, it } from 'vitest';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { none } from '../space/index.ts';
import { createSpace, type Firewall } from './index.ts';

const nothing = { sets: null, links: null, addresses: null, routes: null, listeners: null };

it.each([
  ['', '-p gre'],
  ['-A INPUT -m conntrack --ctproto 17 -j ACCEPT\n', '-p gre'],
  ['-A INPUT -m conntrack --ctorigdstport 17 -j ACCEPT\n', '-p icmp'],
  ['', '-p icmp'],
])('new connections without ports exist (%s%s)', (other, match) => {
  const text = `*filter\n:INPUT DROP [0:0]\n-A INPUT ${match} -m conntrack --ctstate NEW -j ACCEPT\n${other}COMMIT\n`;
  const parsed = parseRuleset(text, { file: 'made', family: 4 });
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const { diagram, endings, firewalls } = createSpace(4, [{ ruleset: parsed.value, surroundings: nothing }]);
  const firewall = firewalls[0] as Firewall;
  const decided = diagram.where(firewall.way('input').verdicts, (value) => {
    const ending = endings.of(value);
    return ending.kind === 'decided' && ending.decision.by.rule === 1;
  });
  expect(diagram.mask(firewall.possible('input'), decided)).not.toBe(none);
});

it.each([
  // The kernel's own find (test/soak/witness.ts, seed 4): a rule of OUTPUT or POSTROUTING had marked the connection.
  ['', '-m connmark ! --mark 0', true],
  ['', '-m mark --mark 5', true],
  ['', '-m conntrack --ctstatus CONFIRMED', true],
  ['-d 10.0.0.1 ', '-m conntrack --ctorigdst 10.0.0.2', true],
  ['! -i lo ', '-m connmark ! --mark 0', false],
  ['! -i lo ', '-m mark --mark 5', false],
  ['! -i lo ', '-m conntrack --ctstatus CONFIRMED', false],
  ['! -i lo -d 10.0.0.1 ', '-m conntrack --ctorigdst 10.0.0.2', false],
])('new connections over loopback bring what was made of them on the way out (%s%s)', (link, match, exists) => {
  const text = `*filter\n:INPUT DROP [0:0]\n-A INPUT ${link}-m conntrack --ctstate NEW ${match} -j ACCEPT\nCOMMIT\n`;
  const parsed = parseRuleset(text, { file: 'made', family: 4 });
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const { diagram, endings, firewalls } = createSpace(4, [{ ruleset: parsed.value, surroundings: nothing }]);
  const firewall = firewalls[0] as Firewall;
  const accepted = diagram.where(firewall.way('input').verdicts, (value) => {
    const ending = endings.of(value);
    return ending.kind === 'decided' && ending.decision.by.rule === 1;
  });
  expect(diagram.mask(firewall.possible('input'), accepted) !== none).toBe(exists);
});
