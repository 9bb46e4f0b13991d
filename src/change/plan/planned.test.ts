import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyRuleset, lineText, parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { type Compiled, compile, readPolicy } from '../../policy/index.ts';
import { problemLine } from '../../result.ts';
import { plannedRuleset } from './planned.ts';
import { textDiff } from './text-diff.ts';

const text = `palisade: 1
incoming:
  - { allow: ssh, from: ["192.0.2.0/24", "2001:db8::/48"], at-most: { new: 3, within: 60s } }
  - { allow: [http, https] }
forwarded:
  - { allow: any, via: wg0, out: eth0, masquerade: both }
docker:
  - { allow: 8080/tcp }
log: { dropped: 5/minute }
protect: { bogons: { via: eth0 }, bad-flags: true, new-not-syn: true, early-drop: true }
`;

function compiledOf(policy: string): Compiled {
  const read = readPolicy(policy, 'policy.yaml', {
    now: 0,
    file: () => null,
    fetched: () => ({ addresses: [], lacking: 'nobody asked' }),
  });
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
  const digest = (one: string): string => createHash('sha256').update(one).digest('hex');
  return compile(read.value, { digest, foreignLinks: ['docker+'], spared: { 4: [], 6: [] }, sendsOn: false });
}

function parsed(of: string, family: 4 | 6): Ruleset {
  const read = parseRuleset(of, { family, file: 'rules' });
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
  return read.value;
}

const rulesOf = (ruleset: Ruleset): readonly string[] =>
  ruleset.tables.flatMap(({ name, rules }) => rules.map((rule) => `${name} ${lineText(ruleset, rule)}`));
const compiled = compiledOf(text);

describe('planned rules', () => {
  const folder = join(import.meta.dirname, '../../../testdata/rulesets');
  const real = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /v[46]\.save$/.test(path));

  it.each(real)('leave every rule of others in %s as it is, and are the same when planned again', (path) => {
    const family = path.endsWith('v6.save') ? 6 : 4;
    const before = parsed(readFileSync(join(folder, path), 'latin1'), family);
    const after = plannedRuleset(before, compiled, family);
    const foreign = rulesOf(after).filter((line) => !/ (-A PAL-|-A \S+ -j PAL-)/.test(line));
    expect(foreign.toSorted()).toEqual(rulesOf(before).toSorted());
    expect(textDiff(after, plannedRuleset(after, compiled, family))).toEqual([]);
  });

  it('lose what an earlier policy made, and nothing else', () => {
    const foreign =
      '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A f2b-sshd -j RETURN\nCOMMIT\n';
    const first = plannedRuleset(parsed(foreign, 4), compiled, 4);
    const open = compiledOf('palisade: 1\notherwise: { incoming: accept, forwarded: accept }\nbasics: { established: false }\n');
    expect(rulesOf(plannedRuleset(first, open, 4))).toEqual(rulesOf(parsed(foreign, 4)));
  });

  it('stand behind those who ban, and before all others', () => {
    const foreign =
      '*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A INPUT -s 192.0.2.1 -j ACCEPT\n-A f2b-sshd -j RETURN\nCOMMIT\n';
    const after = plannedRuleset(parsed(foreign, 4), compiled, 4);
    expect(rulesOf(after).slice(0, 3)).toEqual([
      'filter -A INPUT -p tcp --dport 22 -j f2b-sshd',
      'filter -A INPUT -j PAL-IN',
      'filter -A INPUT -s 192.0.2.1 -j ACCEPT',
    ]);
  });

  it('go through a chain of Docker only where it is', () => {
    expect(rulesOf(plannedRuleset(emptyRuleset(4, 'none'), compiled, 4)).some((line) => line.includes('PAL-DOCKER'))).toBe(false);
    const docker =
      '*filter\n:FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j RETURN\nCOMMIT\n';
    expect(rulesOf(plannedRuleset(parsed(docker, 4), compiled, 4))).toContain('filter -A DOCKER-USER -j PAL-DOCKER');
  });
});

describe('lines that change', () => {
  const of = (...rules: string[]): Ruleset =>
    parsed(`*filter\n:INPUT ACCEPT [0:0]\n${rules.map((rule) => `-A INPUT ${rule}\n`).join('')}COMMIT\n`, 4);
  const told = (before: Ruleset, after: Ruleset): readonly string[] =>
    textDiff(before, after).map(({ kind, text: line }) => `${kind === 'added' ? '+' : '-'} ${line}`);

  it('are those that go and come, whatever words say them', () => {
    const before = of('-s 192.0.2.1 -j ACCEPT', '-p tcp --dport 22 -j ACCEPT', '-j DROP');
    expect(told(before, of('-s 192.0.2.1/32 -j ACCEPT', '-p tcp -m tcp --dport 22 -j ACCEPT', '-j DROP'))).toEqual([]);
    expect(told(before, of('-s 192.0.2.1 -j ACCEPT', '-p udp --dport 53 -j ACCEPT', '-j DROP'))).toEqual([
      '- -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
      '+ -A INPUT -p udp -m udp --dport 53 -j ACCEPT',
    ]);
    expect(told(before, of('-p tcp --dport 22 -j ACCEPT', '-s 192.0.2.1 -j ACCEPT', '-j DROP'))).toHaveLength(2);
  });
});
