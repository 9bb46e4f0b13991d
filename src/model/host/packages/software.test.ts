import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Known, known, unknown } from '../known.ts';
import type { SoftwareName, SoftwareTexts, TextRead } from '../texts.ts';
import { softwareFacts } from './software.ts';

const absent = unknown('nobody asked', 'ask');
const said = (text: string): TextRead => ({ read: true, text, command: 'tool', warnings: '' });

/** A folder of testdata/updates, with some texts exchanged; `undefined` leaves one out. */
function facts(folder: string, changed: Partial<Record<SoftwareName, string | undefined>> = {}, release = '', build = '') {
  const path = new URL(`../../../../testdata/updates/${folder}/`, import.meta.url);
  const captured = existsSync(path)
    ? readdirSync(path).map((name) => [name, readFileSync(new URL(name, path), 'latin1')] as const)
    : [];
  const all = Object.entries({ ...Object.fromEntries(captured), ...changed });
  const texts = Object.fromEntries(all.flatMap(([name, text]) => (text === undefined ? [] : [[name, said(text)]])));
  return softwareFacts(texts as SoftwareTexts, release === '' ? absent : known({ release, build }), absent);
}

function value<T>(fact: Known<T>): T {
  if (!fact.known) throw new Error(fact.why);
  return fact.value;
}

test('a Debian behind its security archive', () => {
  const host = facts('debian-11', {}, '5.10.0-32-amd64', '#1 SMP Debian 5.10.223-1 (2024-08-10)');
  expect(value(host.release)).toMatchObject({ id: 'debian', version: '11', codename: 'bullseye' });
  const { format, installed } = value(host.packages);
  expect(format).toBe('deb');
  expect(installed.find(({ name }) => name === 'libxtables12')).toMatchObject({ version: '1.8.7-1', source: 'iptables' });
  expect(installed.find(({ name }) => name === 'linux-image-5.10.0-32-amd64')).toMatchObject({
    source: 'linux-signed-amd64',
    sourceVersion: '5.10.223+1',
  });
  expect(installed.some(({ name }) => name === 'linux-image-generic')).toBe(false);
  const { updates, unlisted } = value(host.pending);
  expect(updates).toContainEqual({
    name: 'linux-image-amd64',
    installed: '5.10.223-1',
    candidate: expect.stringMatching(/^5\.10\./),
    security: true,
  });
  expect(unlisted).not.toContain('iptables');
  expect(value(host.packageLists)).toBe(1_796_031_120_000);
  expect(value(host.restart)).toMatchObject({ pending: false });
  expect(value(host.automaticUpdates)).toMatchObject({ enabled: true });
});

test('and after its kernel was installed: nothing waits but the restart', () => {
  const old = ['5.10.0-32-amd64', '#1 SMP Debian 5.10.223-1 (2024-08-10)'] as const;
  const { pending, restart } = facts('debian-11-updated', {}, ...old);
  expect(value(pending)).toMatchObject({ updates: [], unlisted: [] });
  expect(value(restart)).toEqual({
    pending: true,
    why: '/run/reboot-required asks for it for linux-image-5.10.0-46-amd64',
  });
  expect(value(facts('debian-11-updated', { reboot: '' }, ...old).restart).why).toBe(
    'the kernel 5.10.223-1 runs, and 5.10.262-1 is installed (linux-image-5.10.0-46-amd64)',
  );
});

test('without its lists apt takes what is installed for the newest: that is not known', () => {
  const { pending, packageLists } = facts('lists-deleted');
  expect(value(pending)).toMatchObject({ updates: [], unlisted: ['iptables', 'nftables', 'unattended-upgrades'] });
  expect(packageLists).toEqual(absent);
});

test('dnf, with its advisories', () => {
  expect(value(facts('dnf').pending).updates).toEqual([
    { name: 'iptables-nft', installed: '1.8.10-2.el9', candidate: '1.8.10-4.el9', security: false },
    { name: 'kernel-core', installed: '5.14.0-427.13.1.el9_4', candidate: '5.14.0-427.20.1.el9_4', security: true },
    { name: 'nftables', installed: '1:1.0.9-1.el9', candidate: '1:1.0.9-3.el9', security: false },
  ]);
  const blind = value(facts('dnf', { 'dnf-security': undefined }).pending).updates;
  expect(blind.map(({ security }) => security)).toEqual([null, null, null]);
  expect(facts('dnf', { dnf: 'Error: something else' }).pending.known).toBe(false);
});

test('zypper says that security patches wait, and not for which packages', () => {
  const { updates, advisories } = value(facts('zypper').pending);
  expect(updates.map(({ name, candidate, security }) => [name, candidate, security])).toEqual([
    ['iptables-nft', '1.8.10-4.el9', null],
    ['kernel-core', '5.14.0-427.20.1.el9_4', null],
    ['nftables', '1:1.0.9-3.el9', null],
  ]);
  expect(advisories).toEqual(['XXSA-2024:3306']);
  // Cut off in the middle it is not an empty list.
  expect(facts('zypper', { zypper: "<?xml version='1.0'?>\n<stream>\n" }).pending.known).toBe(false);
});

test('apk', () => {
  expect(value(facts('alpine').packages)).toMatchObject({ format: 'apk', installed: { length: 4 } });
  expect(value(facts('alpine').pending).updates).toEqual([
    { name: 'iptables', installed: '1.8.10-r3', candidate: '1.8.10-r4', security: null },
  ]);
});

test('a candidate that is no security update may pass over one that is', () => {
  const policy = `iptables:
  Installed: 1.8.7-1
  Candidate: 1.8.7-3
  Version table:
     1.8.7-3 500 (phased 10%)
        500 http://deb.example.org/debian bullseye-updates/main amd64 Packages
     1.8.7-2 500
        500 http://deb.example.org/debian-security bullseye-security/main amd64 Packages
 *** 1.8.7-1 500
        500 http://deb.example.org/debian bullseye/main amd64 Packages
        100 /var/lib/dpkg/status
`;
  expect(value(facts('debian-11', { apt: policy }).pending).updates).toEqual([
    { name: 'iptables', installed: '1.8.7-1', candidate: '1.8.7-3', security: true },
  ]);
  const held = policy.replace('security/main', 'backports/main');
  expect(value(facts('debian-11', { apt: held }).pending).updates[0]?.security).toBe(false);
  expect(facts('debian-11', { apt: policy.replaceAll('  Version', '  Table') }).pending.known).toBe(false);
});

const debian = (release: string, build = '') => facts('debian-11', {}, release, build).restart;

test.each([
  ['the kernel is built for the machine', facts('debian-11', {}, '6.18.44-custom').restart, null],
  ['it is one of the packages', debian('5.10.0-32-amd64'), false],
  ['the package was built again', debian('5.10.0-32-amd64', '#1 SMP Debian 5.10.221-1 (2024-07-14)'), true],
  [
    'a newer one of the same flavour is installed',
    facts(
      'x',
      { dpkg: 'linux-image-6.1.0-9-amd64\t6.1.27-1\tinstalled\nlinux-image-6.1.0-10-amd64\t6.1.38-1\tinstalled\n' },
      '6.1.0-9-amd64',
    ).restart,
    true,
  ],
  [
    'a newer one of another flavour is installed',
    facts(
      'x',
      { dpkg: 'linux-image-6.1.0-9-cloud-amd64\t6.1.27-1\tinstalled\nlinux-image-6.1.0-10-amd64\t6.1.38-1\tinstalled\n' },
      '6.1.0-9-cloud-amd64',
    ).restart,
    false,
  ],
  ['of rpm', facts('dnf', {}, '5.14.0-427.13.1.el9_4.x86_64').restart, false],
  [
    'of rpm, two side by side',
    facts(
      'x',
      { rpm: 'kernel-core\t0:5.14.0-9.el9\tx86_64\tk-1-1.src.rpm\nkernel-core\t0:5.14.0-10.el9\tx86_64\tk-1-1.src.rpm\n' },
      '5.14.0-9.el9.x86_64',
    ).restart,
    true,
  ],
  [
    'of SUSE',
    facts('x', { rpm: 'kernel-default\t0:6.4.0-150600.23.7.3\tx86_64\tk-1-1.src.rpm\n' }, '6.4.0-150600.23.7-default').restart,
    false,
  ],
  ['of Alpine', facts('alpine', {}, '6.6.41-0-lts').restart, false],
  ['of Alpine, upgraded', facts('alpine', {}, '6.6.32-0-lts').restart, true],
  ['needrestart does not know', facts('needrestart', { dpkg: '' }, '6.18.44-fc').restart, null],
  [
    'needrestart expects another',
    facts('x', { dpkg: '', needrestart: 'NEEDRESTART-KSTA: 3\nNEEDRESTART-KEXP: 6.1.0-10-amd64\n' }, '6.18.44').restart,
    true,
  ],
  ['somebody asks and says no more', facts('debian-11', { reboot: '***' }, '6.18.44').restart, true],
  ['somebody asks', facts('debian-11', { reboot: '*** System restart required ***\nlinux-base' }, '6.18.44').restart, true],
] as const)('a restart is pending: %s', (_, restart, pending) => {
  expect(restart.known ? restart.value.pending : null, restart.known ? restart.value.why : restart.why).toBe(pending);
});

const automatic = (changed: Partial<Record<SoftwareName, string | undefined>>, folder = 'debian-11') =>
  facts(folder, changed).automaticUpdates;

test.each([
  ['unattended-upgrades', automatic({}), true],
  ['without it', automatic({ dpkg: '' }), false],
  ['switched off', automatic({ 'apt-periodic': 'APT::Periodic "";\nAPT::Periodic::Enable "0";\n' }), false],
  ['never set', automatic({ 'apt-periodic': 'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "1";\n' }), false],
  ['its timer is masked', automatic({ timers: 'apt-daily-upgrade.timer masked enabled\n' }), false],
  ['its settings were not read', automatic({ 'apt-periodic': undefined }), null],
  ['dnf-automatic installs', automatic({ timers: 'dnf-automatic-install.timer enabled disabled\n' }, 'dnf'), true],
  [
    'dnf-automatic only tells',
    automatic({ timers: 'dnf-automatic.timer enabled -\n', 'dnf-automatic': 'apply_updates = no\n' }, 'dnf'),
    false,
  ],
  [
    'dnf-automatic applies',
    automatic({ timers: 'dnf-automatic.timer enabled -\n', 'dnf-automatic': 'apply_updates=yes\n' }, 'dnf'),
    true,
  ],
  ['dnf-automatic is off', automatic({ timers: 'dnf-automatic.timer disabled -\n' }, 'dnf'), false],
  ['dnf, of which nothing was read', automatic({}, 'dnf'), null],
  ['Alpine', automatic({}, 'alpine'), null],
] as const)('updates by themselves: %s', (_, fact, enabled) => {
  expect(fact.known ? fact.value.enabled : null).toBe(enabled);
});

test('without any text all is unknown', () => {
  const host = facts('nowhere');
  for (const fact of Object.values(host)) expect(fact.known).toBe(false);
});
