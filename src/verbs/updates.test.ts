import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { guide, hardened4, oneLink } from '../audit/examples.ts';
import { createKernel, type Kernel, type Namespace, type Run, type RunResult } from '../kernel/index.ts';
import { defaultSettings } from './config/index.ts';
import { updates } from './updates.ts';
import { type UpdatesJson, updatesReport } from './updates-shape.ts';
import type { Context, Outcome } from './verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-updates-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What was captured of a machine, as a facts file. */
function factsOf(machine: string, more: object = {}): string {
  const path = new URL(`../../testdata/updates/${machine}/`, import.meta.url);
  const software = Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(new URL(name, path), 'latin1')]));
  return file(`${machine}.json`, JSON.stringify({ hostname: machine, software, ...more }));
}

const context = (now: string, kernel?: Kernel, state = join(folder, 'state')): Context =>
  ({
    clock: { now: () => Date.parse(now) },
    progress: () => undefined,
    signal: new AbortController().signal,
    kernel,
    stateFolder: state,
    policyFile: '/nonexistent/policy.yaml',
    settings: defaultSettings,
  }) as unknown as Context;

async function asked(now: string, input: object, kernel?: Kernel, state?: string): Promise<Outcome<UpdatesJson>> {
  return updates.run(context(now, kernel, state), updates.input.parse(input));
}

function answerOf(outcome: Outcome<UpdatesJson>): UpdatesJson {
  if (!('value' in outcome) || outcome.value === null) throw new Error(JSON.stringify(outcome));
  return updatesReport.parse(outcome.value);
}

function problemOf(outcome: Outcome<UpdatesJson>): string {
  return 'problems' in outcome ? `${outcome.kind}: ${outcome.problems[0]?.message}; ${outcome.problems[0]?.hint}` : outcome.kind;
}

const day = '2026-11-30T12:00:00Z';

describe('updates of files', () => {
  it('says what waits, what runs unmended, and until when the release is kept', async () => {
    const kernel = { kernel: '5.10.0-32-amd64', kernelBuild: '#1 SMP Debian 5.10.223-1 (2024-08-10)' };
    const facts = factsOf('debian-11', { ...kernel, sysctls: { 'kernel.unprivileged_userns_clone': 0 } });
    const outcome = await asked(day, { facts });
    expect(outcome.kind).toBe('found');
    const value = answerOf(outcome);
    expect(value.updates[0]).toMatchObject({ name: 'linux-image-amd64', security: true, applies: true });
    expect(value).toMatchObject({
      system: 'Debian GNU/Linux 11 (bullseye)',
      lists: { days: 0, stale: false },
      restart: { pending: false },
      automatic: { enabled: true },
      support: { until: '2024-08-14', longUntil: '2026-08-31' },
    });
    const { found, mitigatedBy } = value.vulnerabilities;
    expect(mitigatedBy).toBe('kernel.unprivileged_userns_clone is 0');
    // 5.10.223-1 came before these, and after CVE-2024-1086.
    expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(['CVE-2024-53141', 'CVE-2026-31681']));
    expect(found.map(({ id }) => id)).not.toContain('CVE-2024-1086');
    expect(found.every(({ mitigated, certainty }) => mitigated && certainty === 'certain')).toBe(true);
    // Which version of Debian 11 mended these, or whether it ever had them, its changelog does not say.
    expect(value.unknown.map(({ why }) => why).join()).toContain('CVE-2025-71160');
  });

  it('finds nothing on a host that is up to date, and dares not say so once its lists are old', async () => {
    const facts = file('fresh.json', JSON.stringify(oneLink));
    expect(await asked('1970-01-02T00:00:00Z', { facts })).toMatchObject({ kind: 'done', value: { updates: [], unknown: [] } });
    const old = await asked('1970-01-06T00:00:00Z', { facts, ruleset: [`4:${file('good.v4', hardened4)}`] });
    expect(old).toMatchObject({ kind: 'unknown', value: { lists: { days: 5, stale: true } } });
    expect(answerOf(old).unknown).toEqual([
      { id: 'FW-UPD-01', why: 'the package lists are 5 days old', remedy: 'run `apt-get update`' },
    ]);
  });

  it('says when the firewall itself keeps new lists away', async () => {
    const facts = file('fresh.json', JSON.stringify(oneLink));
    const value = answerOf(await asked('1970-01-06T00:00:00Z', { facts, ruleset: [`4:${file('guide.v4', guide)}`] }));
    expect(value.unknown[0]?.why).toBe(
      'cannot check: replies are dropped by this firewall (FW-BASE-05), so that no new package lists can be fetched, and the package lists are 5 days old',
    );
  });

  it.each([
    ['dnf', { updates: [{ name: 'kernel-core', security: true }, {}, {}] }],
    ['zypper', { updates: [{ security: null }, {}, {}], advisories: ['XXSA-2024:3306'] }],
    ['alpine', { updates: [{ name: 'iptables', candidate: '1.8.10-r4', security: null, applies: false }] }],
  ])('of %s', async (machine, expected) => {
    const outcome = await asked(day, { facts: factsOf(machine) });
    expect(outcome.kind).toBe('found');
    expect(outcome).toMatchObject({ value: expected });
  });
});

const dpkg = (version: string): string =>
  `iptables\t${version}\tinstalled\tiptables\t${version}\nlibc6\t2.36-9\tinstalled\tglibc\t2.36-9\nufw\t0.36\tinstalled\tufw\t0.36\n`;
const policy = (version: string): string =>
  ['iptables', 'ufw']
    .map((name) => {
      const installed = name === 'ufw' ? '0.36' : version;
      const candidate = name === 'ufw' ? '0.37' : '1.8.9-3';
      return `${name}:\n  Installed: ${installed}\n  Candidate: ${candidate}\n  Version table:\n     ${candidate} 500\n        500 http://deb.example.org/debian-security bookworm-security/main amd64 Packages\n *** ${installed} 100\n        100 /var/lib/dpkg/status\n`;
    })
    .join('');

/** A machine in a namespace, whose apt is made up: it runs a package's script, and says how it ended. */
function machine(
  ns: Namespace,
  script: string,
  status = 0,
  /** What dpkg calls iptables afterwards; `null`: it fails. */
  state: string | null = 'installed',
): { readonly kernel: Kernel; readonly installs: string[][] } {
  const installs: string[][] = [];
  let version = '1.8.9-2';
  const ended = (stdout: string): RunResult => ({ kind: 'exited', status: 0, stdout, stderr: '', durationMs: 0 });
  const run: Run = async (request) => {
    const [tool, ...args] = request.argv;
    if (tool === 'dpkg-query' && installs.length > 0 && state !== 'installed') {
      return state === null ? { ...ended(''), status: 2 } : ended(dpkg('1.8.9-3').replace('installed', state));
    }
    if (tool === 'dpkg-query') return ended(dpkg(version));
    if (tool === 'apt-cache') return ended(policy(version));
    if (tool !== 'apt-get') return ns.run(request);
    installs.push(args);
    const result = await ns.run({ argv: ['sh', '-ec', script] });
    if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
    if (status === 0) version = '1.8.9-3';
    if (request.outputTo === undefined) throw new Error('apt must not hang on our pipes');
    if (status !== 0) writeSync(request.outputTo, 'W: x\nE: Unable to fetch some archives\n');
    return { ...ended(''), status };
  };
  return { kernel: createKernel({ run }), installs };
}

describe.runIf(existsSync('/var/lib/dpkg/status'))('updates --apply', () => {
  const real = createKernel();
  const apply = { apply: true, yes: true };

  async function busy(): Promise<Namespace> {
    const ns = await real.namespace();
    const commands = 'iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT; iptables-nft -P INPUT DROP; ipset create s hash:ip';
    const result = await ns.run({ argv: ['sh', '-ec', commands] });
    if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
    return ns;
  }

  it('wants to be sure, and only of this host', async () => {
    expect(problemOf(await asked(day, { apply: true }, real))).toMatch(/^invalid: --apply asks nothing and needs --yes/);
    expect(problemOf(await asked(day, { ...apply, facts: 'x.json' }, real))).toMatch(/^invalid: --apply changes this host/);
    const plain = { ...real, rights: async () => ({ root: false, canSeeRules: false, why: '' }) };
    expect(problemOf(await asked(day, apply, plain))).toBe('unchanged: only root may install packages; run palisade as root');
  });

  it('installs what is of the filter, leaves the others, and keeps both readings where only root reads', async () => {
    await using ns = await busy();
    const { kernel, installs } = machine(ns, 'true');
    const outcome = await asked(day, apply, kernel);
    const { applied, updates: left } = answerOf(outcome);
    expect(installs).toHaveLength(1);
    expect(installs[0]?.slice(-1)).toEqual(['iptables']);
    expect(installs[0]).toEqual(expect.arrayContaining(['--only-upgrade', '--no-remove']));
    expect(applied).toMatchObject({ failed: null, rules: 'same', changed: [], packets: null });
    expect(applied?.installed).toEqual([{ name: 'iptables', from: '1.8.9-2', to: '1.8.9-3' }]);
    // Another one waits still.
    expect([outcome.kind, left.map(({ name }) => name)]).toEqual(['found', ['ufw']]);
    for (const path of [applied?.snapshots.before ?? '', applied?.snapshots.after ?? '']) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
      expect(statSync(join(path, 'nftSave4')).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(path, 'nftSave4'), 'latin1')).toContain('--dport 22');
    }
  });

  it('says what a script of a package did to the live rules, and leaves it', async () => {
    await using ns = await busy();
    const nft =
      'nft add table inet other; nft "add chain inet other in { type filter hook input priority 5; }"; nft add rule inet other in counter drop';
    const { kernel } = machine(ns, `iptables-nft -F INPUT; iptables-nft -P INPUT ACCEPT; ipset add s 192.0.2.1; ${nft}`);
    const outcome = await asked(day, apply, kernel);
    expect(outcome.kind).toBe('found');
    const { applied } = answerOf(outcome);
    expect(applied).toMatchObject({ rules: 'changed', packets: 'different' });
    const changed = new Map(applied?.changed.map(({ what, gone, come }) => [what, [...gone, '|', ...come].join(' ')]));
    expect(changed.get('IPv4 rules (nft)')).toContain('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT');
    expect(changed.get('ipsets')).toBe('| add s 192.0.2.1');
    expect(changed.get('other nft chains')).toContain('inet other in: [{"counter":{}},{"drop":null}]');
    expect(changed.size).toBe(3);
    const now = await ns.run({ argv: ['iptables-nft-save'] });
    expect(now.kind === 'exited' && now.stdout).toContain(':INPUT ACCEPT');
  });

  it('the same rules in other words are changed text, and treat every packet alike', async () => {
    await using ns = await busy();
    const { kernel } = machine(ns, 'iptables-nft -A INPUT -p tcp --dport 22 -s 192.0.2.1 -j ACCEPT');
    expect(answerOf(await asked(day, apply, kernel)).applied).toMatchObject({ rules: 'changed', packets: 'same' });
  });

  it('is told apart: nothing was installed, or apt broke off behind a change', async () => {
    await using ns = await busy();
    const none = problemOf(await asked(day, apply, machine(ns, 'true', 100).kernel));
    expect(none).toMatch(
      /^unchanged: apt-get did not install the updates: Unable to fetch some archives \(all that it said: .*\); run `apt-get update`, then/,
    );
    const log = /said: (.*)\)/.exec(none)?.[1] ?? '';
    expect(readFileSync(log, 'latin1')).toContain('W: x');
    expect(statSync(log).mode & 0o777).toBe(0o600);
    const broken = await asked(day, apply, machine(ns, 'iptables-nft -P FORWARD DROP', 100).kernel);
    expect(answerOf(broken).applied).toMatchObject({
      failed: expect.stringContaining('Unable to fetch some archives'),
      rules: 'changed',
      installed: [],
    });
  });

  it.each([
    ['half-configured', 'half-configured'],
    ['of a state that cannot be told', null],
  ])('does not say that the host is as it was when iptables is %s', async (_, state) => {
    await using ns = await busy();
    const { kernel } = machine(ns, 'true', 100, state);
    const outcome = await asked(day, apply, kernel);
    expect(outcome.kind).toBe('found');
    const { applied, updates: left } = answerOf(outcome);
    expect(applied).toMatchObject({
      failed: expect.stringContaining('Unable to fetch some archives'),
      rules: 'same',
      installed: [],
    });
    const halfway = { name: 'iptables', installed: '1.8.9-3 (half-configured)', candidate: '1.8.9-3', applies: true };
    if (state !== null) expect(left[0]).toMatchObject(halfway);
  });

  it.each([
    ['a link', (state: string) => symlinkSync(folder, state)],
    ['a folder that others may change', (state: string) => [mkdirSync(state), chmodSync(state, 0o777)]],
    ['one in which a link is', (state: string) => [mkdirSync(state), symlinkSync(folder, join(state, 'updates'))]],
  ])('keeps nothing in %s', async (name, plant) => {
    await using ns = await busy();
    const { kernel, installs } = machine(ns, 'true');
    const state = join(folder, name.replaceAll(' ', '-'));
    plant(state);
    // With a slash the link would be followed.
    expect(problemOf(await asked(day, apply, kernel, `${state}/`))).toMatch(/^unchanged: this is no folder that root alone can/);
    expect(installs).toEqual([]);
  });

  it('says when the second reading could not be kept', async () => {
    await using ns = await busy();
    const state = join(folder, 'taken');
    const [kept, { kernel }] = [join(state, 'updates'), machine(ns, 'true')];
    const read: Kernel['read'] = async (options) => {
      for (const each of existsSync(kept) ? readdirSync(kept) : []) writeFileSync(join(kept, each, 'after'), '');
      return kernel.read(options);
    };
    const { applied, unknown } = answerOf(await asked(day, apply, { ...kernel, read }, state));
    expect(applied?.snapshots.after).toBeNull();
    expect(unknown[0]).toMatchObject({ id: 'snapshot', why: expect.stringContaining('could not be kept (EEXIST)') });
  });

  it('does nothing where it could not say afterwards what changed', async () => {
    await using ns = await busy();
    const { kernel, installs } = machine(ns, 'true');
    const blind = { ...kernel, read: blinded(kernel) };
    expect(problemOf(await asked(day, apply, blind))).toMatch(/^unchanged: the IPv4 rules \(nft\) could not be read/);
    expect(installs).toEqual([]);
  });
});

function blinded(kernel: Kernel): Kernel['read'] {
  return async (options) => {
    const all = await kernel.read(options);
    const nftSave4 = { read: false, why: 'failed', tool: 'iptables-nft-save', detail: 'it broke' } as const;
    return { ...all, texts: { ...all.texts, nftSave4 } };
  };
}
