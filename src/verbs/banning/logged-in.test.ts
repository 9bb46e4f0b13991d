import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isLoggedIn } from './logged-in.ts';

/** A process that calls itself so, as servers for logging in do. */
async function titled(title: string): Promise<{ readonly pid: number } & Disposable> {
  const child = spawn(process.execPath, [
    '-e',
    `process.title = ${JSON.stringify(title)}; console.log(1); setInterval(() => {}, 1e6)`,
  ]);
  await once(child.stdout, 'data');
  return { pid: child.pid as number, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

test('whoever only connects, or guesses passwords, is not logged in', async () => {
  for (const [expected, ...titles] of [
    [false, 'sshd: [accepted]'],
    [false, 'sshd: anna [priv]', 'sshd: anna [net]'],
    [false, 'sshd-session: unknown [priv]', 'sshd-auth: unknown [net]'],
    [true, 'sshd: anna [priv]', 'sshd: anna@pts/0'],
    [true, 'sshd: root@notty'],
    [true, 'sshd-session: root'],
    [false, 'dropbear'],
  ] as const) {
    const all = await Promise.all(titles.map(titled));
    try {
      expect([titles, isLoggedIn({ pids: all.map(({ pid }) => pid) })]).toEqual([titles, expected]);
    } finally {
      for (const one of all) one[Symbol.dispose]();
    }
  }
  // It has ended, or its processes are none of ours to see.
  expect(isLoggedIn({ pids: [2 ** 30] })).toBe(false);
  expect(isLoggedIn({ pids: [] })).toBe(true);
});
