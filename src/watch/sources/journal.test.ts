import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { hasJournald, startJournald } from '../../kernel/journald.fixture.ts';
import { type Gathered, gather } from './gathered.fixture.ts';
import { openJournal } from './index.ts';
import { lossIn } from './journal-loss.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const record = (seq: number): string =>
  `4,${seq},${1_000_000 + seq},-;FW IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=${seq} ` +
  `PROTO=TCP SPT=${seq} DPT=22 WINDOW=1 RES=0x00 SYN URGP=0 `;
const records = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => record(from + index));
const ports = ({ events }: Gathered): (number | null)[] => events.map(({ sport }) => sport);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

describe.skipIf(!hasJournald())('the journal of a real journald', () => {
  it('is read from its end on, gone on with where it was left, and what journald missed is counted', async () => {
    await using journald = await startJournald(folder);
    const open = { packets: true, logins: true, folder: journald.journals };
    await journald.log(records(0, 20));
    const isKept = (): boolean => readdirSync(journald.journals).length > 0;
    while (!isKept()) await sleep(10);
    const probe = await gather(openJournal(open), '{"of":"","at":""}', ({ notices }) => notices.length > 0);
    expect(probe.notices[0]).toMatch(/^journalctl ended \(/);
    await sleep(100);
    const first = await gather(openJournal(open), null, 5, async () => {
      await sleep(150);
      await journald.log(records(20, 25));
    });
    expect(ports(first)).toEqual(range(20, 25));
    // Nobody reads; journald itself misses 75, processes say what the kernel might, and it is started anew.
    await journald.log([...records(25, 30), ...records(105, 108)]);
    journald.say('kernel', record(999).slice(record(999).indexOf(';') + 1));
    await sleep(100);
    const second = await gather(openJournal(open), first.cursor, 8);
    expect([ports(second), second.lost, second.notices]).toEqual([[...range(25, 30), ...range(105, 108)], 75, []]);
    await journald.stop();
    await journald.start();
    const third = await gather(openJournal(open), second.cursor, 40, () => journald.log(records(108, 148)));
    expect([ports(third), third.notices]).toEqual([range(108, 148), []]);
    expect(third.lost).toBe(0);
    expect(third.events.every(({ prefix, in: link }) => prefix === 'FW' && link === 'eth0')).toBe(true);
  });
});

describe('a loss', () => {
  const said = (fields: Record<string, string>): unknown => {
    const bytes = Buffer.from(JSON.stringify({ _TRANSPORT: 'driver', __REALTIME_TIMESTAMP: '1796076396147461', ...fields }));
    return lossIn(bytes, 0, bytes.length, { packets: true, logins: true });
  };
  const missed = { MESSAGE_ID: 'e9bf28e6e834481bb6f48f548ad13606', MESSAGE: 'Missed 49 kernel messages' };
  const suppressed = (unit: string): Record<string, string> => ({
    MESSAGE_ID: 'a596d6fe7bfa4994828e72309e95d61e',
    MESSAGE: `Suppressed 12 messages from ${unit}`,
  });

  it('is what journald itself says, of the kernel or of sshd', () => {
    expect(said(missed)).toEqual({ kind: 'lost', count: 49, of: 'records', at: 1_796_076_396_147.461 });
    expect(said(suppressed('ssh.service'))).toMatchObject({ count: 12 });
    expect(said(suppressed('/system.slice/ssh@3-192.0.2.1:22-192.0.2.9:4000.service'))).toMatchObject({ count: 12 });
    expect(said(suppressed('nginx.service'))).toBeNull();
    expect(said({ ...missed, _TRANSPORT: 'journal' })).toBeNull();
    expect(said({ ...missed, _TRANSPORT: 'kernel' })).toBeNull();
    expect(said({ ...missed, MESSAGE: 'Missed -1 kernel messages' })).toBeNull();
  });
});
