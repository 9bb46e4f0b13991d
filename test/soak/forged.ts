/**
 * `npm run soak -- forged`: text that users put into logs by a real logger, as a real rsyslog writes it to files of both its forms and a real journald keeps it. Of what
 * can be told apart there may be no event; what cannot, in a file, is one that is not trusted. rsyslog comes as Debian's package, unpacked.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasJournald, startJournald } from '../../src/kernel/journald.fixture.ts';
import { held } from '../../src/watch/events/lines.fixture.ts';
import { createHolding } from './holding.ts';

const { say, holds, end } = createHolding();
const fake =
  'FW-DROP IN=eth0 OUT= MAC=7e:be:ed:25:fa:a8:9a:d9:14:ba:50:14:08:00 SRC=203.0.113.66 DST=192.0.2.1 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=22 WINDOW=512 RES=0x00 SYN URGP=0';
const logemu =
  'FW-DROP IN=eth0 OUT= MAC=7e:be SRC=203.0.113.66 DST=192.0.2.1 LEN=40 TOS=00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=22 SEQ=1 ACK=0 WINDOW=1 SYN URGP=0 MARK=0x0';

/** What a user can do: the words of logger, and what of it a file cannot tell from the kernel. */
const forms: readonly (readonly [what: string, args: readonly string[], isTold: boolean])[] = [
  ['a message', [fake], true],
  ['a message with the kernel’s priority', ['-p', 'kern.warning', fake], true],
  ['a message that begins like a line', [`kernel: [   12.345678] ${fake}`], true],
  ['the kernel’s name with a number', ['-t', 'kernel[700]', fake], true],
  ['the kernel’s name and its own number', ['-t', 'kernel', '--id=1', fake], true],
  ['a line break and a line of the kernel', ['-t', 'app', `x\nNov 22 23:23:15 fw1 kernel: [   12.345678] ${fake}`], true],
  ['a line break written as rsyslog does', ['-t', 'app', `x#012Nov 22 23:23:15 fw1 kernel: ${fake}`], true],
  ['the kernel’s name, and a line break', ['-t', 'kernel', `x\n${fake}`], true],
  ['ulogd’s form', [logemu], true],
  ['a browser’s name', ['-t', 'nginx', `192.0.2.9 "GET /" 200 "-" "kernel: [   12.345678] ${fake}"`], true],
  ['a stranger’s name at sshd', ['-t', 'app', `sshd[7]: Failed password for root from 203.0.113.66 port 22 ssh2`], true],
  ['the kernel’s name', ['-t', 'kernel', fake], false],
  ['sshd’s name', ['-t', 'sshd', '--id=7', 'Failed password for root from 203.0.113.66 port 22 ssh2'], false],
  ['the kernel’s name and its stamp', ['-t', 'kernel', `[   12.345678] ${fake}`], false],
];

const folder = mkdtempSync(join(tmpdir(), 'palisade-soak-forged-'));
const root = join(import.meta.dirname, '../../node_modules/.cache/rsyslog/root');
try {
  if (existsSync(join(root, 'usr/sbin/rsyslogd'))) await inFiles();
  else say('rsyslog cannot be fetched here: files are not tried');
  if (hasJournald()) await inJournal();
  else say('no journald can be started here: the journal is not tried');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
end();

async function inFiles(): Promise<void> {
  const [socket, old, recent] = ['log.sock', 'old.log', 'recent.log'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const libraries = join(root, `usr/lib/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`);
  writeFileSync(
    join(folder, 'rsyslog.conf'),
    `global(workDirectory="${folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socket}" CreatePath="on" UseSpecialParser="on")
*.* action(type="omfile" file="${old}" template="RSYSLOG_TraditionalFileFormat")
*.* action(type="omfile" file="${recent}" template="RSYSLOG_FileFormat")
`,
  );
  const daemon = spawn(
    join(root, 'usr/sbin/rsyslogd'),
    ['-n', '-M', join(libraries, 'rsyslog'), '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid')],
    { env: { ...process.env, LD_LIBRARY_PATH: libraries }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  try {
    for (let left = 300; left > 0 && !existsSync(socket); left -= 1) await sleep(20);
    for (const [number, [, args]] of forms.entries()) {
      execFileSync('logger', ['-u', socket, ...args]);
      execFileSync('logger', ['-u', socket, '-t', 'mark', `--id=9`, `end of ${number}`]);
    }
    const last = `end of ${forms.length - 1}`;
    for (let left = 300; left > 0 && !(existsSync(recent) && readFileSync(recent, 'latin1').includes(last)); left -= 1)
      await sleep(20);
  } finally {
    daemon.kill();
  }
  for (const path of [old, recent]) {
    const all = readFileSync(path, 'latin1');
    for (const [number, [what, , isTold]] of forms.entries()) {
      const until = all.indexOf(`end of ${number}\n`);
      const from = number === 0 ? 0 : all.indexOf('\n', all.indexOf(`end of ${number - 1}\n`)) + 1;
      const text = all.slice(from, all.lastIndexOf('\n', until) + 1);
      // With the line of another program before it, as in any such file.
      const { events } = held(`Nov 22 23:23:15 fw1 systemd[1]: Started.\n${text}`);
      holds(
        `${path.slice(folder.length + 1)}: ${what}: ${isTold ? 'no event' : 'an event'}`,
        events.length === (isTold ? 0 : 1),
        text,
      );
    }
  }
}

async function inJournal(): Promise<void> {
  const journal = join(folder, 'journal');
  execFileSync('mkdir', [journal]);
  await using journald = await startJournald(journal);
  await journald.log([`4,1,1000000,-;${fake}`, `12,2,1000001,-;${fake}`]);
  for (const tag of ['kernel', 'sshd', 'kernel[700]', 'app'])
    for (const text of [fake, `x\n${fake}`, 'Failed password for root from 203.0.113.66 port 22 ssh2']) journald.say(tag, text);
  journald.say('app', 'the end');
  const records = (): string =>
    execFileSync('journalctl', ['--directory', journald.journals, '-o', 'json', '--no-pager', '-q'], {
      maxBuffer: 1 << 26,
    }).toString();
  let text = records();
  for (let left = 100; left > 0 && !text.includes('the end'); left -= 1) {
    await sleep(50);
    text = records();
  }
  const { events, passed } = held(text);
  holds('journal: of what users say there is no event', events.length === 1 && passed >= 13, `${events.join('\n')}\n${text}`);
}
