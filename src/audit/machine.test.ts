import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKernel, type Namespace } from '../kernel/index.ts';
import { readSetup } from '../kernel/setup-files.ts';
import { type Host, hostFromTexts, type TextName, type TextRead } from '../model/host/index.ts';
import { exampleHost } from './example-host.ts';
import { filter, guide, oneLink } from './examples.ts';
import { everyLink } from './host-examples.ts';
import { audit, checks } from './index.ts';
import { isOfRules } from './of-rules.fixture.ts';
import { subjectOf } from './subject.ts';

/** Real rules in a namespace, and the disk of a Debian 12 as mmdebstrap makes one, in a folder. */
const kernel = createKernel();

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'palisade-machine-'));
  put('etc/sysctl.conf', '#net.ipv4.conf.all.rp_filter=1\n');
  link('etc/sysctl.d/99-sysctl.conf', '../sysctl.conf');
  put('usr/lib/sysctl.d/99-protect-links.conf', '# links\n\nfs.protected_symlinks = 1\n');
  link('etc/alternatives/iptables', '/usr/sbin/iptables-nft');
  link('etc/systemd/system/multi-user.target.wants/ssh.service', '/lib/systemd/system/ssh.service');
  put('etc/cron.daily/dpkg', '#!/bin/sh\nexec /usr/libexec/dpkg/dpkg-db-backup\n', 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text, 'latin1');
  chmodSync(join(root, path), mode);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

/** What the package iptables-persistent installs and enables, as far as it matters here. */
function installPersistent(): void {
  put('usr/share/netfilter-persistent/plugins.d/15-ip4tables', '#!/bin/sh\n', 0o755);
  put('usr/share/netfilter-persistent/plugins.d/25-ip6tables', '#!/bin/sh\n', 0o755);
  put('lib/systemd/system/netfilter-persistent.service', '[Unit]\nWants=network-pre.target\nBefore=network-pre.target\n');
  link(
    'etc/systemd/system/multi-user.target.wants/netfilter-persistent.service',
    '/lib/systemd/system/netfilter-persistent.service',
  );
}

async function machine(): Promise<Namespace> {
  return kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.10/24', '2001:db8::10/64'] }] });
}

/** The namespace as the machine that boots into it from the folder. */
async function booted(ns: Namespace): Promise<Host> {
  const read = await kernel.read({ namespace: ns });
  const said = (text: string): TextRead => ({ read: true, text, command: 'made', warnings: '' });
  const texts: Record<TextName, TextRead> = {
    ...read.texts,
    files: await readSetup(root),
    units: { read: false, why: 'unused', tool: 'systemctl', detail: 'not asked' },
    processes: said('net a user b\n1\t0\t1ffffffffff\ta\tb\t1\tsystemd\n300\t0\t1ffffffffff\ta\tb\t1\tsystemd-journal\n'),
  };
  return hostFromTexts({ ...read, texts });
}

async function tell(ns: Namespace, argv: readonly [string, ...string[]], input?: string): Promise<string> {
  const result = await ns.run({ argv, ...(input !== undefined && { input }) });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(result)}`);
  return result.stdout;
}

function answer(host: Host, id: string): readonly string[] {
  const { findings, unknown } = audit(host);
  return [
    ...findings.filter((each) => each.id === id).map(({ severity, family, title }) => `${severity} ${family} ${title}`),
    ...unknown.filter((each) => each.id === id).map(({ why }) => `unknown ${why}`),
  ];
}

describe('what the next boot brings', () => {
  it("is nothing after the guide's commands, then what was saved, then other rules", async () => {
    await using ns = await machine();
    await tell(ns, ['iptables-nft-restore'], guide);
    expect(answer(await booted(ns), 'FW-PERS-01')).toEqual(['high 4 Nothing loads the IPv4 rules at boot']);
    installPersistent();
    expect(answer(await booted(ns), 'FW-PERS-01')).toEqual([
      'high 4 Nothing is saved that netfilter-persistent.service could load: /etc/iptables/rules.v4 is not there',
    ]);
    put('etc/iptables/rules.v4', await tell(ns, ['iptables-nft-save']), 0o640);
    const saved = await booted(ns);
    for (const id of ['FW-PERS-01', 'FW-PERS-02', 'FW-PERS-03', 'FW-PERS-04', 'FW-BASE-08'])
      expect(answer(saved, id), id).toEqual([]);
    await tell(ns, ['iptables-nft', '-I', 'INPUT', '-p', 'tcp', '--dport', '3306', '-j', 'ACCEPT']);
    expect(answer(await booted(ns), 'FW-PERS-01')).toEqual([
      'high 4 The next boot brings other IPv4 rules: /etc/iptables/rules.v4 differs from those in force',
    ]);
  });

  it('is not known for a namespace that nobody boots into', async () => {
    await using ns = await machine();
    await tell(ns, ['iptables-nft-restore'], guide);
    const host = hostFromTexts(await kernel.read({ namespace: ns }));
    expect(answer(host, 'FW-PERS-01')).toEqual([expect.stringMatching(/^unknown (process 1|these are the rules of another)/)]);
  });
});

describe('what the findings claim of iptables-restore', () => {
  for (const backend of ['nft', 'legacy']) {
    it(`${backend}: a set that is missing costs the whole table, and those behind it`, async () => {
      await using ns = await machine();
      const asking = filter(['-A INPUT -p tcp --dport 22 -j ACCEPT', '-A INPUT -m set --match-set admins src -j ACCEPT']);
      const behind = '*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -j MARK --set-mark 1\nCOMMIT\n';
      const result = await ns.run({ argv: [`iptables-${backend}-restore`], input: `${asking}${behind}` });
      expect(result).toMatchObject({ kind: 'exited', stderr: expect.stringContaining("Set admins doesn't exist") });
      expect(result.kind === 'exited' && result.status).not.toBe(0);
      expect(await tell(ns, [`iptables-${backend}-save`])).not.toMatch(/^-A|DROP/m);
    });

    it(`${backend}: an empty backup is restored with success and does nothing, one without rules takes them away`, async () => {
      await using ns = await machine();
      await tell(ns, [`iptables-${backend}-restore`], guide);
      await tell(ns, [`iptables-${backend}-restore`], '');
      expect(await tell(ns, [`iptables-${backend}-save`])).toMatch(/^-A INPUT/m);
      await tell(ns, [`iptables-${backend}-restore`], '*filter\nCOMMIT\n');
      expect(await tell(ns, [`iptables-${backend}-save`])).not.toMatch(/^-A/m);
    });
  }
});

it('a machine whose settings are those that the findings ask for has no such findings', async () => {
  await using ns = await machine();
  const ids = ['FW-SYS-02', 'FW-SYS-03', 'FW-SYS-04', 'FW-SYS-05', 'FW-SYS-06', 'FW-SYS-07', 'FW-SYS-09'];
  const { findings } = audit(await booted(ns));
  const found = findings.filter(({ id }) => ids.includes(id));
  expect(found.length).toBeGreaterThan(3);
  for (const { fix } of found) {
    // The second line sets it now, in this namespace; the third writes a file.
    const [, now = ''] = fix.split('\n');
    expect(now).toMatch(/^sysctl -w (net\.ipv[46]\.[\w./-]+=\d+ ?)+$/);
    await tell(ns, ['sh', '-c', now]);
  }
  const left = audit(await booted(ns)).findings.filter(({ id }) => ids.includes(id));
  expect(left.map(({ title }) => title)).toEqual([]);
});

it('one finding for fifty links', () => {
  const names = Array.from({ length: 50 }, (_, index) => `eth${index}`);
  const own = Object.fromEntries(names.map((name) => [name, 1]));
  const host = exampleHost({
    facts: {
      ...oneLink,
      links: names.map((name) => ({ name })),
      sysctls: { ...everyLink(4, 'send_redirects', 1, own), 'net.ipv4.ip_forward': '1' },
    },
  });
  const subject = subjectOf(host);
  const findings = checks.filter(({ id }) => !isOfRules(id)).flatMap((check) => check.run(subject).findings);
  const [redirects, ...more] = findings.filter(({ id }) => id === 'FW-SYS-02');
  expect(redirects?.title).toBe('ICMP redirects are sent: send_redirects is 1 on eth0, eth1, eth2 and 47 more links');
  expect(more).toEqual([]);
});
