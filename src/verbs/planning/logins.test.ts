import { expect, it } from 'vitest';
import { hostFromFiles } from '../../model/host/index.ts';
import { readPolicy } from '../../policy/index.ts';
import { strangersIn } from './logins.ts';

const facts = JSON.stringify({
  listeners: [
    { proto: 'tcp', port: 2222, process: 'sshd' },
    { proto: 'tcp', port: 80, process: 'nginx' },
  ],
  sessions: [],
});

it.each([
  ['{ allow: 2222/tcp, from: list }', 'whoever writes the feed list would say who may log in at port 2222, by line 5'],
  [
    '{ allow: 2000-3000/tcp, from: ["192.0.2.1", list] }',
    'whoever writes the feed list would say who may log in at port 2222, by line 5',
  ],
  [
    '{ group: any, from: list, rules: [{ allow: 2222/tcp }] }',
    'whoever writes the feed list would say who may log in at port 2222, by line 5',
  ],
  ['{ group: any, from: list, rules: [{ allow: 2222/tcp, from: "192.0.2.1" }, { allow: http }] }', null],
  ['{ group: http, from: list, rules: [{ allow: any }] }', null],
  ['{ allow: http, from: list }', null],
  ['{ allow: 2222/tcp, from: { anyone-except: list } }', null],
  ['{ deny: 2222/tcp, from: list }', null],
  ['{ allow: 2222/tcp, from: trusted }', null],
  ['{ allow: 2222/tcp, from: here }', null],
])('%s is refused where a feed would say who logs in: %s', (rule, why) => {
  const text = `palisade: 1
sets: { list: { feed: "https://example.net/a" }, trusted: { feed: "https://example.net/b", trust: true },
  here: { country: CH } }
incoming:
  - ${rule}
`;
  const fetched = () => ({ addresses: ['192.0.2.0/24'], lacking: null });
  const policy = readPolicy(text, 'policy.yaml', { now: 0, file: () => null, fetched });
  const host = hostFromFiles({ rulesets: [], facts: { file: 'facts.json', text: facts }, readAt: 0 });
  if (!policy.ok || !host.ok) throw new Error(JSON.stringify([policy, host]));
  expect(strangersIn(policy.value, host.value).map((one) => one.why)).toEqual(why === null ? [] : [why]);
});
