import { expect, test } from 'vitest';
import { type Host, known } from '../../model/host/index.ts';
import { parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { holeRules } from '../open/holes.ts';
import { lastingHost } from './lasting.ts';

test('a policy is judged as if nobody was shut out', () => {
  const rules = ['-m conntrack ! --ctstate INVALID,NEW -j RETURN', '-m set --match-set PALISADE-BAN4 src -j DROP', '-j ACCEPT'];
  const text = `*filter\n:INPUT DROP [0:0]\n:PALISADE-BAN - [0:0]\n-A INPUT -j PALISADE-BAN\n${rules.map((rule) => `-A PALISADE-BAN ${rule}\n`).join('')}COMMIT\n`;
  const parsed = parseRuleset(text, { family: 4, file: 'test' });
  if (!parsed.ok) throw new Error('the rules do not read');
  const host = { rulesets: { 4: known(parsed.value), 6: known(parsed.value) } } as unknown as Host;
  const lasting = lastingHost(host).rulesets[4];
  expect(lasting.known && lasting.value.text).toBe(
    text.replace(`-A PALISADE-BAN ${rules[0]}\n-A PALISADE-BAN ${rules[1]}\n`, ''),
  );
});

test('what stands in the chain of what is open, and says no end, is no hole', () => {
  const hole = holeRules(['-p tcp -m tcp --dport 22'], 'ssh', '203.0.113.5', 1_800_000_000, 1_800_003_600);
  const rules = [...hole, '-s 203.0.113.66/32 -j ACCEPT'].map((rule) => `-A PALISADE-OPEN ${rule}\n`).join('');
  const text = `*filter\n:INPUT DROP [0:0]\n:PALISADE-OPEN - [0:0]\n-A INPUT -j PALISADE-OPEN\n${rules}COMMIT\n`;
  const read = (): Host['rulesets'][4] => {
    const parsed = parseRuleset(text, { family: 4, file: 'test' });
    if (!parsed.ok) throw new Error('the rules do not read');
    return known(parsed.value);
  };
  const closed = lastingHost({ rulesets: { 4: read(), 6: read() } } as unknown as Host).rulesets[4];
  const { tables } = (closed.known ? closed.value : {}) as Ruleset;
  expect(tables[0]?.rules.map(({ chain }) => chain)).toEqual(['INPUT', 'PALISADE-OPEN']);
});
