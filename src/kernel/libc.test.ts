import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { errnoName, failedWith, inNetworkNamespace, libc } from './libc.ts';

const source = new URL('../', import.meta.url).pathname;

describe('without koffi', () => {
  // The same files where no node_modules is to be found.
  const folder = mkdtempSync(join(tmpdir(), 'palisade-libc-'));
  cpSync(join(source, 'result.ts'), join(folder, 'result.ts'));
  for (const name of ['libc', 'packets', 'frame', 'nflog', 'nflog-pace', 'nfulnl', 'kmsg']) {
    cpSync(join(source, 'kernel', `${name}.ts`), join(folder, 'kernel', `${name}.ts`));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (script: string): unknown => {
    writeFileSync(join(folder, 'main.ts'), script);
    return JSON.parse(execFileSync(process.execPath, [join(folder, 'main.ts')], { encoding: 'utf8', timeout: 10_000 }));
  };

  it('sockets are out of reach, and it is said', () => {
    const said = run(`
      import { openSender, openRawOutput } from './kernel/packets.ts';
      import { openNflog } from './kernel/nflog.ts';
      console.log(JSON.stringify([openSender({ link: 'lo' }), openRawOutput({ family: 4 }), openNflog({ group: 1 })]));
    `);
    const problem = {
      code: 'unread',
      message: expect.stringContaining("the optional package koffi cannot be loaded (Cannot find module 'koffi')"),
    };
    expect(said).toMatchObject(Array(3).fill({ ok: false, problems: [problem] }));
  });

  it('the kernel’s log is followed all the same', () => {
    execFileSync('mkfifo', [join(folder, 'ring')]);
    const said = run(`
      import { openSync, writeSync } from 'node:fs';
      import { openKmsg } from './kernel/kmsg.ts';
      const ring = openSync(new URL('./ring', import.meta.url), 'r+');
      const opened = openKmsg({ from: 'start', path: new URL('./ring', import.meta.url).pathname });
      const stop = new AbortController();
      const seen: number[] = [];
      setTimeout(() => writeSync(ring, '4,1,1,-;one\\n'), 150);
      while (opened.ok && seen.length === 0) {
        const record = opened.value.next(Buffer.alloc(8192), 0);
        if (record === null) await opened.value.wait(stop.signal);
        else seen.push(record.seq);
      }
      console.log(JSON.stringify(seen));
    `);
    expect(said).toEqual([1]);
  });
});

describe('a call', () => {
  const loaded = libc();
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  const calls = loaded.value;

  it('answers the negated errno when it fails', () => {
    const answer = calls.close(-1);
    expect([errnoName(answer), failedWith(answer, 'EBADF'), failedWith(answer, 'EPERM')]).toEqual(['EBADF', true, false]);
    expect(errnoName(-4095)).toBe('errno 4095');
  });

  it('never sends beyond its buffer', () => {
    expect(() => calls.sendto(-1, new Uint8Array(4), 5, 0, null)).toThrow(RangeError);
  });

  it('comes back from another namespace, and so does what throws there', async () => {
    const { createKernel } = await import('./kernel.ts');
    await using other = await createKernel().namespace();
    const here = (): string => readlinkSync('/proc/thread-self/ns/net');
    const home = here();
    const there = inNetworkNamespace(calls, other.pid, () => ({ ok: true, value: here() }));
    expect(there).toEqual({ ok: true, value: readlinkSync(`/proc/${other.pid}/ns/net`) });
    expect(there).not.toEqual({ ok: true, value: home });
    expect(here()).toBe(home);
    expect(() =>
      inNetworkNamespace(calls, other.pid, () => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(here()).toBe(home);
  });
});
