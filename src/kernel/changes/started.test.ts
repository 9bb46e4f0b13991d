import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createKernel } from '../kernel.ts';
import { libc } from '../libc.ts';
import { clean, networkOf, seeActor } from './actor.ts';
import { createAttribution } from './attribution.ts';
import type { By } from './change.ts';
import { followStarts } from './started.ts';

const loaded = libc();
if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
const calls = loaded.value;
const now = (): number => performance.now();

async function told(child: ChildProcess, word: string): Promise<void> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += piece;
    if (text.includes(word)) return;
  }
}

describe('a process', () => {
  it('is seen with its words, its user, and those who started it', async () => {
    const child = spawn('sh', ['-c', 'sh -c "echo ready; read line; true"; true'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await told(child, 'ready');
    const inner = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1'));
    const actor = seeActor(inner, 'sh');
    child.stdin?.end();
    expect(actor).toMatchObject({
      pid: inner,
      program: 'sh',
      exe: readlinkSync(`/proc/${process.pid}/exe`).endsWith('node') ? expect.stringMatching(/sh$/) : null,
      command: ['sh', '-c', 'echo ready; read line; true'],
      uid: process.geteuid?.(),
    });
    expect(actor?.parents.slice(0, 2)).toMatchObject([
      { pid: child.pid, command: ['sh', '-c', expect.any(String)] },
      { pid: process.pid },
    ]);
    expect(actor?.parents.length).toBeLessThanOrEqual(8);
  });

  it('is none where there is none, or another by that number', () => {
    expect(seeActor(4_194_304)).toBe(null);
    expect(seeActor(process.pid, 'iptables')).toBe(null);
  });

  it('says nothing that looks like more than a word', () => {
    expect(clean('a\nb\x1b[2Jc\u2028d\u202ee')).toBe('a\ufffdb\ufffd[2Jc\ufffdd\ufffde');
    expect(clean('x'.repeat(5000)).length).toBeLessThan(500);
  });
});

describe('programs that are started', () => {
  // Root of a user namespace is told nothing.
  const opened = followStarts(calls, null, now);
  if (!opened.ok) {
    it('are not told of here, and it is said', () => {
      expect(opened.problems[0]?.message).toMatch(/^the kernel does not tell which programs are started \(EPERM\)/);
    });
    return;
  }
  opened.value[Symbol.dispose]();

  it('are known when they have ended, with who started them and where', async () => {
    await using namespace = await createKernel().namespace();
    const [followed, other] = [namespace.pid, 'thread-self' as const].map((pid) => followStarts(calls, networkOf(pid), now));
    if (followed?.ok !== true || other?.ok !== true) throw new Error('not followed');
    const [tool, ...enter] = namespace.enter;
    const since = { steady: now(), wall: 0 };
    using attribution = createAttribution(followed.value, null);
    using elsewhere = createAttribution(other.value, null);
    // It lives until it has read all, so that it is seen however busy this machine is.
    const child = spawn(tool, [...enter, 'sh', '-c', 'ipset restore; true'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    const seen = (): By => attribution.ofSets(since);
    while ((seen().processes[0]?.command ?? null) === null) await sleep(5);
    child.stdin?.end('create x hash:ip\n');
    await ended;
    const { how, processes } = seen();
    expect(how).toBe('ran');
    expect(processes).toMatchObject([{ program: 'ipset', command: ['ipset', 'restore'] }]);
    expect(processes[0]?.parents.slice(0, 2)).toMatchObject([
      { command: ['sh', '-c', 'ipset restore; true'] },
      { pid: process.pid },
    ]);
    expect(followed.value.of(processes[0]?.pid ?? 0)).toEqual(processes[0]);
    // What is started elsewhere changes nothing here.
    expect(elsewhere.ofSets(since)).toEqual({ how: 'unknown', processes: [] });
  });
});
