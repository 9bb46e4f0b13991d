import { expect, it } from 'vitest';
import type { Suggestion } from '../../policy/index.ts';
import { answersOf, type InitFlags } from './answers.ts';

const offer = (service: string, ports: readonly string[], to: 'anyone' | 'admins') => ({
  service,
  ports,
  process: null,
  published: false,
  to,
});
const suggestion: Suggestion = {
  links: ['eth0', 'wg0'],
  internet: ['eth0'],
  peers: ['192.0.2.7'],
  logins: ['ssh'],
  offers: [offer('http', ['80/tcp'], 'anyone'), offer('dns', ['53/tcp', '53/udp'], 'admins')],
  forwards: [],
};
const none: InitFlags = { logging: true, protection: true };

it.each<[InitFlags, string, Partial<Suggestion>]>([
  [{ ...none, admins: '10.0.0.300' }, '--admins: "10.0.0.300" is no address', {}],
  [{ ...none, admins: '' }, '--admins: nobody is named', {}],
  [{ ...none, internet: 'eth9' }, '--internet: there is no interface "eth9"', {}],
  [{ ...none, forward: 'eth0' }, '--forward: eth0 faces the internet itself', {}],
  [{ ...none, allow: 'htpt' }, '--allow: "htpt" is no service', {}],
  [{ ...none, adminsOnly: '20-30/tcp' }, '--admins-only: 20-30/tcp is how those who administer this host come in', {}],
  [none, 'nothing here says who administers this host', { peers: [] }],
  [none, 'nothing here says which interface faces the internet', { internet: [] }],
])('%j cannot be taken for an answer: %s', async (flags, message, other) => {
  expect(await answersOf({ ...suggestion, ...other }, flags, undefined)).toMatchObject({
    ok: false,
    problems: [{ code: 'usage', message }],
  });
});

it('what flags do not name is closed, to the port', async () => {
  const answers = await answersOf(suggestion, { ...none, allow: '53/udp, 443/tcp', adminsOnly: 'mysql' }, undefined);
  expect(answers.ok && answers.value.offers.map(({ service, to }) => `${service} ${to}`)).toEqual([
    '53/udp anyone',
    '443/tcp anyone',
    'mysql admins',
    'http nobody',
    '53/tcp nobody',
  ]);
});

it('each question is asked with what Enter takes, but for those that flags answer', async () => {
  const asked: string[] = [];
  const ask = async (question: string): Promise<string> => {
    asked.push(question.split('\n').at(-1)?.trim() ?? '');
    return '';
  };
  const answers = await answersOf(suggestion, { ...none, admins: 'anyone', protection: false }, ask);
  expect(asked).toEqual([
    '1. Which interface faces the internet? Here: eth0, wg0. Or none. [eth0]',
    'http (80/tcp): [anyone]',
    'dns (53/tcp, 53/udp): [admins]',
    expect.stringMatching(/^4\. .* \[no\]$/),
  ]);
  expect(answers).toMatchObject({ ok: true, value: { admins: 'anyone', internet: ['eth0'], log: true, protect: false } });
});

it('whoever ends the conversation is told that nothing is written', async () => {
  expect(await answersOf(suggestion, none, async () => null)).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('nothing is written') }],
  });
});
