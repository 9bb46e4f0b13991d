import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../kernel/index.ts';
import { problemLine } from '../../result.ts';
import { installSchedule, removeSchedule, scheduleInstalled } from './install.ts';
import { type Schedule, scheduleIn, scheduleLine } from './schedule.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'palisade-schedule-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const schedule: Schedule = {
  every: 'daily',
  jitterMs: 7_200_000,
  command: ['/opt/palisade/bin/palisade', '--state', "/var/lib/it's 100% $HOME", 'backup', 'create', '--due', 'daily'],
  stateFolder: "/var/lib/it's 100% $HOME",
  folders: ['/mnt/a b'],
};
const both = { systemd: schedule, cron: schedule };
const calls: string[][] = [];
const systemctl =
  (status: number, shown = ''): Run =>
  async ({ argv }) => {
    calls.push([...argv]);
    const isShow = argv.includes('show');
    return { kind: 'exited', status: isShow ? 0 : status, stdout: isShow ? shown : '', stderr: 'no such unit\n', durationMs: 0 };
  };
const machine = () => ({ root, id: 'a machine' });
const cronFile = () => join(root, 'etc/cron.d/palisade-backup');
const units = () => ['service', 'timer'].map((kind) => join(root, `etc/systemd/system/palisade-backup.${kind}`));
const there = (file: string): string => readFileSync(file, 'utf8');

describe('where systemd is process 1', () => {
  beforeEach(() => {
    calls.length = 0;
    mkdirSync(join(root, 'run/systemd/system'), { recursive: true });
    mkdirSync(join(root, 'etc/cron.d'), { recursive: true });
  });

  it('a timer makes up what was missed; the service waits for a network, through which copies may go', async () => {
    expect(await installSchedule(systemctl(0), machine(), both)).toEqual({ ok: true, value: 'systemd' });
    const [service = '', timer = ''] = units().map(there);
    expect(timer).toMatch(/^OnCalendar=\*-\*-\* 00:00:00 UTC\nRandomizedDelaySec=7200\nFixedRandomDelay=yes\nPersistent=yes$/m);
    expect(service).toContain(
      'ExecStart=/opt/palisade/bin/palisade --state "/var/lib/it\'s 100%% $$HOME" backup create --due daily\n',
    );
    expect(service).toContain('ReadWritePaths="/var/lib/it\'s 100%% $HOME" "-/mnt/a b"\n');
    expect(service).toContain('RequiresMountsFor="/var/lib/it\'s 100%% $HOME"\nWants=network-online.target\n');
    expect(calls.map((argv) => argv.slice(2))).toEqual([
      ['daemon-reload'],
      ['enable', 'palisade-backup.timer'],
      ['restart', 'palisade-backup.timer'],
    ]);
    const shown = 'ActiveState=active\nNextElapseUSecRealtime=Tue 2026-12-01 00:31:07 UTC\n';
    expect(await scheduleInstalled(systemctl(0, shown), machine(), 0)).toMatchObject({
      by: 'systemd',
      schedule,
      next: Date.UTC(2026, 11, 1, 0, 31, 7),
      lack: null,
    });
    expect(await scheduleInstalled(systemctl(0, 'ActiveState=inactive\nNextElapseUSecRealtime=\n'), machine(), 0)).toMatchObject({
      next: null,
      lack: 'its timer does not run',
    });
    const removed = await removeSchedule(systemctl(0), root);
    expect(removed.ok && removed.value).toHaveLength(2);
    expect(units().some((file) => existsSync(file))).toBe(false);
    expect(await scheduleInstalled(systemctl(0), machine(), 0)).toBeNull();
  });

  it('a path cannot end a line of the unit', async () => {
    const systemd = { ...schedule, stateFolder: '/x\nExecStart=/bin/false' };
    const refused = await installSchedule(systemctl(0), machine(), { ...both, systemd });
    expect(refused.ok ? [] : refused.problems.map(problemLine)).toEqual([
      'a path holds a line break or another control character; choose plainer paths',
    ]);
    expect(units().some((file) => existsSync(file))).toBe(false);
  });

  it('nothing is left where it refuses', async () => {
    const refused = await installSchedule(systemctl(1), machine(), both);
    expect(refused.ok ? [] : refused.problems.map(problemLine)).toEqual([
      'systemd does not take the timer: no such unit; see systemctl status palisade-backup.timer',
    ]);
    expect(units().some((file) => existsSync(file))).toBe(false);
  });
});

describe('where it is not', () => {
  it('cron asks every ten minutes, each machine at its own', async () => {
    mkdirSync(join(root, 'etc/cron.d'), { recursive: true });
    expect(await installSchedule(systemctl(0), machine(), both)).toEqual({ ok: true, value: 'cron' });
    const text = there(cronFile());
    expect(text).toMatch(
      /^[0-9]-59\/10 \* \* \* \* root \/opt\/palisade\/bin\/palisade --state '\/var\/lib\/it'\\''s 100\\% \$HOME' backup create --due daily\n$/m,
    );
    expect(statSync(cronFile()).mode & 0o777).toBe(0o644);
    expect(await scheduleInstalled(systemctl(0), machine(), Date.UTC(2026, 10, 30))).toMatchObject({ by: 'cron', schedule });
    expect(await removeSchedule(systemctl(0), root)).toEqual({ ok: true, value: ['/etc/cron.d/palisade-backup'] });
  });

  it('what cron does not take is refused, and that there is none', async () => {
    const refused = async (command: Schedule['command']): Promise<string> => {
      const installed = await installSchedule(systemctl(0), machine(), { ...both, cron: { ...schedule, command } });
      return installed.ok ? '' : installed.problems.map(problemLine).join();
    };
    expect(await refused(schedule.command)).toContain('this machine has neither systemd nor cron');
    mkdirSync(join(root, 'etc/cron.d'), { recursive: true });
    expect(await refused(['/a\nb'])).toContain('a path holds');
    expect(await refused(['/a\\b'])).toContain('a path holds');
    expect(await refused(['/a'.repeat(600)])).toContain('longer than cron takes');
    expect(existsSync(cronFile())).toBe(false);
  });
});

it('a file says what is scheduled, or nothing', () => {
  expect(scheduleIn(`x\n${scheduleLine(schedule)}\ny`)).toEqual(schedule);
  for (const text of ['', '# palisade {', '# palisade {"every":"never"}']) expect(scheduleIn(text)).toBeNull();
});
