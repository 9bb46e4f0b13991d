import { expect, test } from 'vitest';
import { parseListeners } from './listener.ts';

const row = (local: string, rest = '') => `tcp   LISTEN 0      128    ${local}   0.0.0.0:*    ${rest}\n`;

test('local addresses in every form of ss', () => {
  const text = [
    '0.0.0.0:22',
    '*:80',
    '[::]:81',
    '127.0.0.53%lo:53',
    '[fe80::1]%eth0:546',
    '*%eth0:9',
    '[::ffff:192.0.2.1]:8080',
  ].map((local) => row(local));
  expect(
    parseListeners(text.join(''))?.map(({ port, address, families, link }) => [port, address?.value ?? null, families, link]),
  ).toEqual([
    [22, null, [4], null],
    [80, null, [4, 6], null],
    [81, null, [6], null],
    [53, 0x7f000035n, [4], 'lo'],
    [546, (0xfe80n << 112n) | 1n, [6], 'eth0'],
    [9, null, [4, 6], 'eth0'],
    [8080, 0xc0000201n, [4], null],
  ]);
});

test('the first of several processes; none without rights', () => {
  const text = row('0.0.0.0:80', 'users:(("nginx",pid=7,fd=6),("nginx",pid=8,fd=6))') + row('0.0.0.0:22');
  expect(parseListeners(text)?.map(({ process }) => process)).toEqual(['nginx', null]);
});

test('names of processes cannot forge sockets, whatever they hold', () => {
  for (const name of ['a\nb', 'x\ntcp LISTEN 0', '"),("sshd', 'a\nudp a 0 0 *:1 ']) {
    const text = row('0.0.0.0:8080', `users:(("${name}",pid=9,fd=3))`) + row('0.0.0.0:22', 'users:(("sshd",pid=1,fd=3))');
    expect(parseListeners(text)?.map(({ port, process }) => [port, process])).toEqual([
      [8080, name],
      [22, 'sshd'],
    ]);
  }
});

test('nothing listens; a form that is not known is not half understood', () => {
  expect(parseListeners('')).toEqual([]);
  expect(parseListeners('Netid State\n')).toBeUndefined();
  expect(parseListeners(row('0.0.0.0:22') + row('nonsense:22'))).toBeUndefined();
});
