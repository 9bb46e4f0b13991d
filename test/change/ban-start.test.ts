import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  banScript,
  hasBanStart,
  installBans,
  readyBanStart,
  rememberBans,
  removeBanStart,
  setsLoader,
} from '../../src/change/index.ts';
import { makeBanSets, type Namespace, type Run, restoreBans } from '../../src/kernel/index.ts';
import { emptyRuleset, parseRuleset } from '../../src/model/ruleset/index.ts';
import { ok } from '../../src/result.ts';
import { kernel, must, saved, tool } from './changing.fixture.ts';

/** What the machine's start does, in a namespace that begins with nothing; the real order of units is in the soak (boot). */
const folder = mkdtempSync(join(tmpdir(), 'palisade-ban-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = join(folder, 'bans.sh');
writeFileSync(script, banScript);

async function startIn(ns: Namespace, state: string) {
  const ran = await ns.run({ argv: ['sh', script, state] });
  if (ran.kind !== 'exited') throw new Error(ran.kind);
  return { status: ran.status, said: ran.stderr };
}

async function load(ns: Namespace, tool: string, text: string): Promise<number> {
  const ran = await ns.run({ argv: [tool], input: text });
  if (ran.kind !== 'exited') throw new Error(ran.kind);
  return ran.status;
}

async function members(ns: Namespace, set: string): Promise<string> {
  const text = await tool(ns, ['ipset', 'save', set]);
  return Array.from(text.matchAll(/^add \S+ (\S+)(?: timeout (\d+))?/gm), ([, network, left = '']) => `${network} ${left}`.trim())
    .sort()
    .join(', ');
}

it('rules that were saved while sources are shut out load when the machine starts, with those who still are', async () => {
  await using before = await kernel.namespace();
  await using ns = await kernel.namespace();
  const state = join(folder, 'state');
  mkdirSync(state, { mode: 0o700 });
  const read = async () => {
    const of = async (family: 4 | 6) => {
      const text = await saved(before, 'nft', family);
      return text === '' ? emptyRuleset(family, 'none') : must(parseRuleset(text, { family, file: 'now' }));
    };
    return ok({ 4: await of(4), 6: await of(6) });
  };
  must(await installBans({ ...kernel, run: before.run }, 'nft', read));
  must(
    await restoreBans(before.run, [
      { kind: 'new', family: 4, network: '198.51.100.7', seconds: 3000 },
      { kind: 'all', family: 6, network: '2001:db8:1:2::/64', seconds: 3000 },
      { kind: 'new', family: 4, network: '198.51.100.8', seconds: 60 },
    ]),
  );
  await tool(before, ['ipset', 'add', 'PALISADE-NEVER4', '192.0.2.1']);
  await tool(before, ['ipset', 'add', 'PALISADE-BAN4', '203.0.113.0/24', 'timeout', '0']);
  const texts = await Promise.all(
    (['iptables', 'ip6tables'] as const).map((name) => tool(before, [`${name}-nft-save`]).then((text) => [name, text] as const)),
  );
  // Saved two minutes ago.
  expect(await rememberBans(before.run, state, Date.now() - 120_000)).toBeNull();

  for (const backend of ['nft', 'legacy'] as const)
    for (const [name, text] of texts) {
      expect(await load(ns, `${name}-${backend}-restore`, text)).not.toBe(0);
      expect(await tool(ns, [`${name}-${backend}-save`])).not.toContain('PALISADE');
    }
  expect(await startIn(ns, state)).toEqual({ status: 0, said: '' });
  for (const backend of ['nft', 'legacy'] as const)
    for (const [name, text] of texts) {
      expect(await load(ns, `${name}-${backend}-restore`, text)).toBe(0);
      expect(await tool(ns, [`${name}-${backend}-save`])).toContain('--match-set PALISADE-BAN');
    }
  expect(await members(ns, 'PALISADE-BAN4')).toMatch(/^198\.51\.100\.7 2[78]\d\d, 203\.0\.113\.0\/24 0$/);
  expect(await members(ns, 'PALISADE-SHUT6')).toMatch(/^2001:db8:1:2::\/64 2[78]\d\d$/);
  expect(await members(ns, 'PALISADE-NEVER4')).toBe('192.0.2.1');
});

it('what is wrong in what is remembered shuts nobody out, and sets that somebody made otherwise stay', async () => {
  await using ns = await kernel.namespace();
  await tool(ns, ['ipset', 'create', 'PALISADE-BAN4', 'hash:net', 'maxelem', '77', 'timeout', '5']);
  expect(await startIn(ns, join(folder, 'none'))).toMatchObject({
    status: 0,
    said: expect.stringContaining('nobody is shut out'),
  });
  expect((await tool(ns, ['ipset', 'list', '-n'])).match(/PALISADE-/g)).toHaveLength(8);
  expect(await tool(ns, ['ipset', 'save', 'PALISADE-BAN4'])).toContain('maxelem 77');

  // Its clock stands before the time of the file, as that of a machine without one may.
  const later = Math.floor(Date.now() / 1000) + 1_000_000;
  const state = join(folder, 'wrong');
  mkdirSync(state, { mode: 0o700 });
  const lines = [
    `at ${later}`,
    `PALISADE-SHUT4 198.51.100.7 ${later + 100}`,
    `PALISADE-SHUT4 198.51.100.8 ${later - 100}`,
    `PALISADE-SHUT4 198.51.100.9;reboot ${later + 100}`,
    `PALISADE-SHUT4 300.1.1.1 ${later + 100}`,
    `PALISADE-SHUT4 198.51.100.10 ${later + 90_000_000}`,
    'other 198.51.100.11 0',
    'PALISADE-SHUT4 198.5',
  ];
  writeFileSync(join(state, 'bans-remembered'), lines.join('\n'), { mode: 0o666 });
  expect((await startIn(ns, state)).status).toBe(0);
  expect(await members(ns, 'PALISADE-SHUT4')).toMatch(/^198\.51\.100\.10 2147[34]\d\d, 198\.51\.100\.7 (100|\d\d)$/);
  await tool(ns, ['ipset', 'flush', 'PALISADE-SHUT4']);
  await tool(ns, ['chmod', '0666', join(state, 'bans-remembered')]);
  expect(await startIn(ns, state)).toMatchObject({ status: 0, said: expect.stringContaining('others may write in') });
  expect(await members(ns, 'PALISADE-SHUT4')).toBe('');

  // A palisade of now has them as they are to be, with those who are in, also while rules ask them.
  await tool(ns, ['ipset', 'add', 'PALISADE-BAN4', '198.51.100.7', 'timeout', '500']);
  await tool(ns, ['iptables-nft', '-A', 'INPUT', '-m', 'set', '--match-set', 'PALISADE-BAN4', 'src', '-j', 'DROP']);
  must(await makeBanSets(ns.run));
  expect(await tool(ns, ['ipset', 'save', 'PALISADE-BAN4'])).toContain('maxelem 131072 timeout 600');
  expect(await members(ns, 'PALISADE-BAN4')).toMatch(/^198\.51\.100\.7 (500|4\d\d)$/);

  await tool(ns, ['iptables-nft', '-F']);
  await tool(ns, ['ipset', 'destroy']);
  const path = join(folder, 'no-ipset');
  mkdirSync(path);
  const without = await ns.run({
    argv: ['sh', '-c', banScript.replace(/^PATH=\S+/m, `PATH=${path}:/bin`).replaceAll('ipset ', 'noipset '), 'bans.sh', state],
  });
  expect(without).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot be made, and saved rules') });
});

it('the unit is there from then on, in its order, and goes with its script', async () => {
  const root = join(folder, 'root');
  const asked: string[] = [];
  const run: Run = async ({ argv }) => {
    asked.push(argv.join(' '));
    const link = join(root, 'etc/systemd/system/sysinit.target.wants/palisade-bans.service');
    mkdirSync(dirname(link), { recursive: true });
    if (argv.includes('enable')) symlinkSync('/etc/systemd/system/palisade-bans.service', link);
    else rmSync(link);
    return { kind: 'exited', status: 0, stdout: '', stderr: '', durationMs: 0 };
  };
  const unit = join(root, 'etc/systemd/system/palisade-bans.service');
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
  mkdirSync(join(root, 'usr/lib/systemd/system'), { recursive: true });
  writeFileSync(join(root, 'usr/lib/systemd/system/netfilter-persistent.service'), '');
  symlinkSync(join(root, 'usr/lib/systemd/system/netfilter-persistent.service'), join(root, 'etc/systemd/system/ipset.service'));
  expect(await readyBanStart(run, '/var/lib/pali sade', root)).toEqual({ kind: 'ready', isNew: true });
  expect(await readyBanStart(run, '/var/lib/pali sade', root)).toEqual({ kind: 'ready', isNew: false });
  expect(asked).toHaveLength(1);
  expect(readFileSync(unit, 'utf8')).toMatch(
    /^Before=netfilter-persistent.service .*ipset.service.*\n.*bans.sh "\/var\/lib\/pali sade"$/ms,
  );
  expect(readFileSync(unit, 'utf8')).not.toMatch(/^RequiresMountsFor|^After=.*\bipset\.service/m);

  // A service of its own for sets comes before.
  rmSync(join(root, 'etc/systemd/system/ipset.service'));
  writeFileSync(join(root, 'usr/lib/systemd/system/ipset.service'), '');
  expect(setsLoader(root)).toBe('own');
  rmSync(join(root, 'etc/systemd/system/sysinit.target.wants/palisade-bans.service'));
  expect((await readyBanStart(run, '/var/lib/palisade', root)).kind).toBe('ready');
  expect(readFileSync(unit, 'utf8')).toMatch(/^After=ipset.service$/m);
  expect(readFileSync(unit, 'utf8')).not.toMatch(/^Before=.*\bipset\.service/m);

  await removeBanStart(run, root);
  expect([hasBanStart(root), existsSync(unit)]).toEqual([false, false]);
  symlinkSync('/dev/null', unit);
  expect(await readyBanStart(run, '/var/lib/palisade', root)).toMatchObject({
    kind: 'unready',
    why: { message: expect.stringContaining('masked') },
  });
});
