import { expect, test } from 'vitest';
import { refusal } from './refusal.ts';

function host(settings: Readonly<Record<string, string>>) {
  return (path: string) => settings[path];
}

test.each([
  [{ '/proc/sys/user/max_user_namespaces': '0\n' }, 'user.max_user_namespaces is 0'],
  [
    { '/proc/sys/user/max_user_namespaces': '15000\n', '/proc/sys/kernel/unprivileged_userns_clone': '0\n' },
    'kernel.unprivileged_userns_clone is 0',
  ],
  [{ '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' }, 'kernel.apparmor_restrict_unprivileged_userns is 1'],
  [{ '/proc/sys/user/max_net_namespaces': '0' }, 'user.max_net_namespaces is 0'],
])('names the setting that forbids it: %j', (settings, named) => {
  const problem = refusal('unshare: unshare failed: Operation not permitted\n', host(settings));
  expect(problem).toMatchObject({ code: 'no-namespace', message: expect.stringContaining(named) });
  expect(problem.hint).toMatch(/sysctl [a-z_.]+=\d+$/);
});

test('without such a setting it says what the tool said', () => {
  const allowed = {
    '/proc/sys/user/max_user_namespaces': '15000\n',
    '/proc/sys/kernel/unprivileged_userns_clone': '1\n',
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '0\n',
  };
  expect(refusal('warning\nunshare: unshare failed: Operation not permitted\n', host(allowed)).message).toBe(
    'this host refuses a network namespace (unshare: unshare failed: Operation not permitted)',
  );
  expect(refusal('', host({})).message).toBe('this host refuses a network namespace');
});
