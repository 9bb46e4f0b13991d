import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyBySftp } from '../../src/change/snapshots/copies/sftp.ts';
import { copyTo, readDestination } from '../../src/change/snapshots/index.ts';
import { createRun, type Run } from '../../src/kernel/index.ts';
import { problemLine } from '../../src/result.ts';
import { makeDisk } from './faults/disk.ts';
import { noSshd, type Sshd, startSshd } from './sshd.fixture.ts';

const run = createRun();
const folder = mkdtempSync(join(tmpdir(), 'palisade-copies-'));
afterAll(() => rmSync(folder, { recursive: true }));
const id = 'ab'.repeat(32);
// A path that a tool could take for something else.
const here = join(folder, 'state "of* [x] $HOME');
mkdirSync(here);
const file = join(here, 'snapshot');
const bytes = Buffer.alloc(300_000, 'what a firewall was\n');
writeFileSync(file, bytes, { mode: 0o600 });

async function copied(to: string, by: Run = run): Promise<string> {
  const destination = readDestination(to);
  if (!destination.ok) return destination.problems.map(problemLine).join();
  const done = await copyTo(by, destination.value, file, id);
  return done.ok
    ? `${done.value.where}${done.value.note === null ? '' : ` (${done.value.note})`}`
    : done.problems.map(problemLine).join();
}

describe('a copy in a folder', () => {
  it('is whole, its owner’s alone, and called as the snapshot is', async () => {
    const there = join(folder, 'there $(x)');
    mkdirSync(there);
    for (const _ of ['new', 'again']) {
      expect(await copied(`${there}/`)).toBe(`${there}/${id}.snapshot (it is on the same disk as this host’s own)`);
      expect(readdirSync(there)).toEqual([`${id}.snapshot`]);
      expect(readFileSync(join(there, `${id}.snapshot`)).equals(bytes)).toBe(true);
      expect(statSync(join(there, `${id}.snapshot`)).mode & 0o777).toBe(0o600);
    }
    // Something else of that name gives way, and what a link leads to stays.
    const target = join(folder, 'target');
    writeFileSync(target, 'theirs');
    rmSync(join(there, `${id}.snapshot`));
    symlinkSync(target, join(there, `${id}.snapshot`));
    await copied(there);
    expect(readFileSync(join(there, `${id}.snapshot`)).equals(bytes)).toBe(true);
    expect(readFileSync(target, 'latin1')).toBe('theirs');
  });

  it('that could not be made says why, and leaves nothing', async () => {
    await using disk = await makeDisk();
    expect(await copied(disk.path)).toBe(`${disk.path}/${id}.snapshot`);
    rmSync(join(disk.path, `${id}.snapshot`));
    disk.fill();
    expect(await copied(disk.path)).toContain('there is no room');
    expect(readdirSync(disk.path)).toEqual(['filler']);
    disk.empty();
    await disk.seal(true);
    expect(await copied(disk.path)).toContain('it may only be read');
    expect(await copied(join(folder, 'nowhere'))).toContain('there is no such folder');
    expect(await copied(file)).toMatch(/there is no such folder|could not be written/);
  });

  it('that is not what was written is none', async () => {
    const there = join(folder, 'failing');
    mkdirSync(there);
    // A disk that loses the end of what it is given.
    const losing: Run = (request) =>
      run({ ...request, argv: request.argv.map((one) => one.replace('sync "./$half"', 'truncate -s -1 "./$half"')) as never });
    expect(await copied(there, losing)).toContain('what was read back is not what was written');
    expect(readdirSync(there)).toEqual([]);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });
});

const lacking = noSshd();
describe.skipIf(lacking !== null)(`a copy by sftp${lacking === null ? '' : ` (skipped: ${lacking})`}`, () => {
  let sshd: Sshd;
  const cut = join(folder, 'cut');
  const there = join(folder, 'a "folder" of* [theirs]');
  beforeAll(async () => {
    for (const one of [cut, there, join(folder, 'ssh')]) mkdirSync(one, { recursive: true });
    sshd = await startSshd(join(folder, 'ssh'), cut);
  });
  afterAll(async () => sshd?.[Symbol.asyncDispose]());
  const to = (path: string, key: keyof Sshd['keys'] = 'lets', known: keyof Sshd['known'] = 'right'): string =>
    `sftp://root@127.0.0.1:${sshd.port}${path}?identity=${sshd.keys[key]}&known-hosts=${sshd.known[known]}`;

  it('is whole, its owner’s alone, and called as the snapshot is; a second takes its place', async () => {
    for (const _ of ['new', 'again']) {
      expect(await copied(to(there))).toBe(`sftp://root@127.0.0.1:${sshd.port}${there}/${id}.snapshot`);
      expect(readdirSync(there)).toEqual([`${id}.snapshot`]);
      expect(readFileSync(join(there, `${id}.snapshot`)).equals(bytes)).toBe(true);
      expect(statSync(join(there, `${id}.snapshot`)).mode & 0o777).toBe(0o600);
    }
    expect(readdirSync(here)).toEqual(['snapshot']);
  });

  it('that could not be made says why and what to do', async () => {
    const nobody = to(there).replace(/:\d+/, ':1');
    const said = [
      [to(there, 'lets', 'none'), 'the key of the server is not known here; compare what ssh-keyscan -p '],
      [to(there, 'lets', 'other'), 'the server has another key than the one that is known'],
      [to(there, 'stranger'), 'the server lets nobody in with this key; put the public key into'],
      [to(join(folder, 'nowhere')), 'there is no such folder; make '],
      [to(sshd.small), 'the server could not write it, as when its disk is full'],
      [nobody, 'nobody listens there; see whether sshd runs on 127.0.0.1, on port 1'],
      [to(there).replace(/identity=[^&]*/, 'identity=/nowhere'), 'the private key cannot be read; see /nowhere'],
    ] as const;
    for (const [destination, why] of said) expect(await copied(destination)).toContain(why);
    expect(readdirSync(here)).toEqual(['snapshot']);
    expect(await copied(to(there), async ({ argv: [tool] }) => ({ kind: 'missing', tool }))).toContain('install openssh-client');
  });

  it('whose end is lost there is none, and goes', async () => {
    expect(await copied(to(cut, 'cuts'))).toContain('what was fetched back is not what was put there');
    expect(readdirSync(cut)).toEqual([]);
    expect(readdirSync(here)).toEqual(['snapshot']);
  });

  it('by a server that hangs is given up, and nobody is left who waits for it', async () => {
    const destination = readDestination(to(there, 'hangs'));
    if (!destination.ok || destination.value.kind !== 'sftp') throw new Error('no destination');
    const digest = createHash('sha256').update(bytes).digest('hex');
    const copying = { file, name: `${id}.snapshot`, digest, timeoutMs: 800, signal: undefined };
    expect(await copyBySftp(run, destination.value, copying)).toMatchObject({
      code: 'copy-failed',
      message: expect.stringContaining('it took more than'),
    });
    const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(sshd.keys.hangs));
    expect(left.map(commandOf)).toEqual([]);
    const aborted = new AbortController();
    setTimeout(() => aborted.abort(), 200);
    expect(await copyBySftp(run, destination.value, { ...copying, timeoutMs: 60_000, signal: aborted.signal })).toMatchObject({
      message: expect.stringContaining('was ended'),
    });
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    // It has ended.
    return '';
  }
}
