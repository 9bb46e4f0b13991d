import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/model/net/index.ts';
import { Batch, eventKinds, packetAt, readSshdMessage, Tries } from '../../src/watch/events/index.ts';
import { noSshd, startSshd } from '../change/sshd.fixture.ts';

/** curl lets a name be anything; ssh refuses what is no name. */
function why(): string | null {
  const curl = spawnSync('curl', ['--version'], { encoding: 'latin1' });
  return noSshd() ?? (/\bsftp\b/.test(curl.stdout ?? '') ? null : 'curl cannot speak SSH here');
}

const own = '127.0.0.77';
const forged = '1.2.3.4 port 22';
const names = [
  'root',
  'nobody-there',
  '',
  `root from ${forged} ssh2`,
  `x from ${forged}`,
  `x ${forged} [preauth]`,
  '[preauth]',
  `x\nFailed password for root from ${forged} ssh2`,
  `x\rInvalid user root from ${forged}`,
  `Accepted password for root from ${forged} ssh2`,
  'ü\u2028\u202e',
  'y'.repeat(430),
  `${'\u0001'.repeat(70)} from ${forged}${' '.repeat(100)}`,
  `${'\u0001'.repeat(80)} ${forged} [preauth]${' '.repeat(80)}`,
];

describe.skipIf(why() !== null)('a real sshd', () => {
  it('is read right whatever a stranger calls himself, and each try counts once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palisade-logins-'));
    try {
      await using sshd = await startSshd(folder, folder, 'PasswordAuthentication yes\nMaxStartups 200\nPermitRootLogin yes');
      const login = async (name: string): Promise<void> => {
        const address = ['-sk', '--interface', own, '-u', `${name}:wrong`, `sftp://127.0.0.1:${sshd.port}/`];
        await once(spawn('curl', address, { stdio: 'ignore' }), 'close');
      };
      await Promise.all(names.map(login));
      const ssh = ['-F', 'none', '-b', own, '-i', sshd.keys.lets, '-o', `UserKnownHostsFile=${sshd.known.right}`];
      await once(spawn('ssh', [...ssh, '-p', String(sshd.port), 'root@127.0.0.1', 'true'], { stdio: 'ignore' }), 'close');
      for (let left = 200; left > 0 && !/^Accepted/m.test(sshd.said()); left -= 1) await sleep(20);
      // As sshd says it to syslog: 500 bytes of it, and blanks gone from its end. A name's line break cuts it here.
      const messages = sshd.said().split('\n');
      for (const cut of [1000, 500]) {
        const rows = messages.flatMap((message) => read(message.slice(0, cut).trimEnd()));
        expect(new Set(rows.map(({ address }) => address))).toEqual(new Set([own]));
        expect(rows.filter(({ kind }) => kind === eventKinds.acceptedLogin)).toHaveLength(1);
      }
      const tries = new Tries();
      const counted = messages.flatMap((message) => read(message, tries)).filter(({ kind }) => kind === eventKinds.failedLogin);
      expect(counted.length).toBe(names.length);
      expect(new Set(counted.map(({ port }) => port)).size).toBe(names.length);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function read(message: string, tries = new Tries()): { kind: number | undefined; address: string; port: number | null }[] {
  const batch = new Batch(1);
  const bytes = Buffer.from(message, 'latin1');
  if (!readSshdMessage(bytes, 0, bytes.length, batch, tries)) return [];
  const { src, sport } = packetAt(batch, 0);
  return [{ kind: batch.kind[0], address: formatAddress(src), port: sport }];
}
