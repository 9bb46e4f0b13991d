import { describe, expect, it, test } from 'vitest';
import { compareDpkg } from '../model/host/index.ts';
import { cves } from './cves.ts';
import { exampleHost } from './example-host.ts';
import { oneLink } from './examples.ts';
import { supportOf } from './releases.ts';
import { software } from './updated.ts';
import { vulnerabilities } from './vulnerabilities.ts';

describe('the list', () => {
  it('has each vulnerability once', () => {
    expect(new Set(cves.map(({ id }) => id)).size).toBe(cves.length);
    for (const { id, product } of cves) expect(`${id} ${product}`).toMatch(/^CVE-20\d\d-\d{4,} (?:linux|iptables)$/);
  });

  it('has versions that say which series they are of, mainline first', () => {
    for (const { id, product, fixed, debian = {} } of cves) {
      const [mainline = '', ...stable] = fixed;
      expect(mainline, id).toMatch(product === 'linux' ? /^\d+\.\d+$/ : /^\d+\.\d+\.\d+$/);
      for (const version of stable) {
        expect(version, id).toMatch(/^\d+\.\d+\.\d+$/);
        // Mainline is the newest, unless that is the series itself.
        expect(compareDpkg(version, `${mainline}.999`), id).toBeLessThan(0);
      }
      const series: Record<string, string> = { 11: '5.10.', 12: '6.1.', 13: '6.12.' };
      for (const [release, version = ''] of Object.entries(debian))
        expect(version.startsWith(series[release] ?? '?'), id).toBe(true);
    }
  });
});

const kernel = (release: string, build = '#1 SMP', more: object = {}) =>
  vulnerabilities(exampleHost({ facts: { ...oneLink, kernel: release, kernelBuild: build, ...more } }));

const has = (of: ReturnType<typeof vulnerabilities>, id: string): string => {
  const found = of.found.find(({ cve }) => cve.id === `CVE-${id}`);
  if (found !== undefined) return `${found.certainty}, ${found.fixedIn}`;
  return of.untold.some(({ ids }) => ids.includes(`CVE-${id}`)) ? 'not told' : 'no';
};

test.each([
  // Debian, by its own versions: the day before and the day of a fix.
  ['6.1.0-17-amd64', 'Debian 6.1.69-1 (2023-12-30)', '2024-1086', 'certain, 6.1.76-1'],
  ['6.1.0-18-amd64', 'Debian 6.1.76-1 (2024-02-01)', '2024-1086', 'no'],
  // Debian's first version with it is later than its first upstream version, where it skipped some.
  ['5.10.0-8-amd64', 'Debian 5.10.46-4 (2021-08-03)', '2021-22555', 'no'],
  ['5.10.0-5-amd64', 'Debian 5.10.26-1 (2021-03-27)', '2021-22555', 'certain, 5.10.38-1'],
  // It came to mainline after the series began, and the fix with it.
  ['6.1.0-9-amd64', 'Debian 6.1.27-1 (2023-05-08)', '2022-1015', 'no'],
  ['5.10.0-8-amd64', 'Debian 5.10.46-4 (2021-08-03)', '2022-1015', 'no'],
  ['6.12.48+deb13-amd64', 'Debian 6.12.48-1 (2025-09-20)', '2026-43454', 'no'],
  // A kernel of the next release on the one before.
  ['6.12.43+deb12-amd64', 'Debian 6.12.43-1~bpo12+1 (2025-09-06)', '2026-23231', 'certain, 6.12.85-1'],
  ['6.12.85+deb12-amd64', 'Debian 6.12.85-1~bpo12+1 (2026-05-01)', '2024-53141', 'no'],
  // What Debian's changelog does not name.
  ['6.1.0-51-amd64', 'Debian 6.1.187-1 (2026-11-01)', '2025-71160', 'not told'],
  // Built for the machine.
  ['6.6.10-mine', '#1 SMP', '2024-1086', 'possible, 6.6.15'],
  ['6.6.15', '#1 SMP', '2024-1086', 'no'],
  ['6.8.0', '#1 SMP', '2024-1086', 'no'],
  ['3.10.0-mine', '#1 SMP', '2024-1086', 'no'],
  ['6.5.3-mine', '#1 SMP', '2024-1086', 'not told'],
  ['6.18.44-fc', '#1 SMP', '2026-43454', 'no'],
  ['6.18.18-fc', '#1 SMP', '2026-43454', 'possible, 6.18.19'],
  // Distributions that mend old versions: only the mainline fix tells.
  ['5.14.0-427.13.1.el9_4.x86_64', '#1 SMP', '2024-1086', 'not told'],
  ['5.15.0-91-generic', '#101-Ubuntu SMP', '2024-1086', 'not told'],
  ['6.8.0-31-generic', '#31-Ubuntu SMP', '2024-1086', 'no'],
  ['6.4.0-150600.23.7-default', '#1 SMP', '2023-4244', 'not told'],
])('%s (%s) and CVE-%s of it: %s', (release, build, id, expected) => {
  expect(has(kernel(release, build), id)).toBe(expected);
});

test('by the package, where the build of the running kernel was not told', () => {
  const dpkg = 'linux-image-6.1.0-17-amd64\t6.1.69-1\tinstalled\tlinux-signed-amd64\t6.1.69+1\n';
  expect(has(kernel('6.1.0-17-amd64', 'x', { software: { ...software, dpkg } }), '2024-1086')).toBe('certain, 6.1.76-1');
});

test.each([
  [{ 'kernel.unprivileged_userns_clone': 0 }, true],
  [{ 'user.max_user_namespaces': 0 }, true],
  [{ 'kernel.apparmor_restrict_unprivileged_userns': 1 }, true],
  [{ 'kernel.unprivileged_userns_clone': 1, 'user.max_user_namespaces': 9000 }, false],
  [undefined, false],
])('with %j it is mitigated: %s', (sysctls, mitigated) => {
  const { found } = kernel('6.1.0-17-amd64', 'Debian 6.1.69-1', { sysctls });
  expect(found.map((each) => each.mitigated)).toContain(mitigated);
  expect(found.map((each) => each.mitigated)).not.toContain(!mitigated);
});

test.each([
  ['1.8.9-2', 'no'],
  ['1.8.2-4', 'not told'],
])('iptables %s and CVE-2019-11360: %s', (version, expected) => {
  const dpkg = `iptables\t${version}\tinstalled\tiptables\t${version}\n`;
  expect(has(kernel('6.8.0', '#1', { software: { ...software, dpkg } }), '2019-11360')).toBe(expected);
});

test('releases are found by their number, the first part of it, or not at all', () => {
  const of = (id: string, version: string | null) => supportOf({ id, version, like: [], codename: null, name: '' })?.until;
  expect([of('debian', '12'), of('rhel', '9.4'), of('alpine', '3.20.3'), of('ubuntu', '24.04')]).toEqual([
    '2026-07-11',
    '2032-05-31',
    '2026-04-01',
    '2029-05-31',
  ]);
  expect([of('arch', null), of('debian', '99'), of('nixos', '24.05')]).toEqual([undefined, undefined, undefined]);
});
