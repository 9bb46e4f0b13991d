import { describe, expect, it } from 'vitest';
import { held } from './lines.fixture.ts';

/** What a stranger would have believed: the victim sends packets here. */
const victim = '203.0.113.66';
const fake = `FW-DROP IN=eth0 OUT= MAC=7e:be:ed:25:fa:a8:9a:d9:14:ba:50:14:08:00 SRC=${victim} DST=192.0.2.1 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=22 WINDOW=512 RES=0x00 SYN URGP=0 `;
const short = `FW-DROP IN=eth0 OUT= MAC= SRC=${victim} DST=192.0.2.1 LEN=40 PROTO=TCP SPT=1 DPT=22 SYN URGP=0`;
const outer = 'FW-DROP IN=eth0 OUT= MAC=7e:be SRC=192.0.2.9 DST=192.0.2.1';
const login = `Failed password for root from ${victim} port 22 ssh2`;

/** In the three forms of text files, and as records of the journal. */
function everywhere(program: string, message: string): string {
  const record = (fields: Readonly<Record<string, string>>): string =>
    JSON.stringify({ __REALTIME_TIMESTAMP: '1795392591120911', MESSAGE: message, SYSLOG_IDENTIFIER: program, ...fields });
  return [
    'Nov 22 23:23:14 fw1 systemd[1]: Started.',
    `Nov 22 23:23:15 fw1 ${program}[700]: ${message}`,
    `Nov 22 23:23:15 fw1 ${program}: ${message}`,
    `2026-11-22T23:23:15.120911+00:00 fw1 ${program}[700]: ${message}`,
    `2026-11-22T23:23:15+0000 fw1 ${program}: ${message}`,
    record({ _TRANSPORT: 'syslog', _UID: '1000', _COMM: program, _SYSTEMD_UNIT: 'session-3.scope' }),
    record({ _TRANSPORT: 'stdout', _UID: '0', _COMM: program, _SYSTEMD_UNIT: 'ssh.service' }),
    record({ _TRANSPORT: 'syslog', _UID: '0', _COMM: program, _SYSTEMD_UNIT: 'user@1000.service' }),
    '',
  ].join('\n');
}

describe('text that a stranger or a user put into a log is no event:', () => {
  it.each([
    ['the name of a user at sshd', 'sshd', `Invalid user kernel: [  12.345678] ${fake} from 192.0.2.9 port 1`],
    ['the same with its end like a line of the kernel', 'sshd', `Invalid user x kernel: [  12.345678] ${fake}`],
    ['a browser’s name', 'nginx', `192.0.2.9 - - "GET / HTTP/1.1" 200 "kernel: [  12.345678] ${fake}"`],
    ['a browser’s name at the end', 'nginx', `192.0.2.9 "GET /" kernel: [  12.345678] ${fake}`],
    ['another program', 'somebody', fake],
    ['another program’s login', 'somebody', `sshd[700]: ${login}`],
    ['a program called like the kernel’s', 'kernel-log', fake],
    ['an escaped line break', 'app', `x#012Nov 22 23:23:15 fw1 kernel: [   12.345678] ${fake}`],
    ['a line that lacks what the kernel writes', 'app', short],
  ])('%s', (_what, program, message) => {
    expect(held(everywhere(program, message)).events.filter((event) => event.includes(victim))).toEqual([]);
  });

  it.each([
    ['kernel[700]:', `Nov 22 23:23:15 fw1 kernel[700]: ${fake}`],
    ['kernel[700]: by rsyslog with ISO time', `2026-11-22T23:23:15.1+00:00 fw1 kernel[700]: [   12.345678] ${fake}`],
    ['a name with kernel: behind the host', `Nov 22 23:23:15 fw1 app kernel: ${fake}`],
    ['no host', `Nov 22 23:23:15 kernel: ${fake}`],
    ['kernel: without its blank', `Nov 22 23:23:15 fw1 kernel:${fake}`],
    ['an escaped line break in the kernel’s own line', `Nov 22 23:23:15 fw1 kernel: overlayfs: "#012${fake}`],
    [
      'text in another message of the kernel',
      `Nov 22 23:23:15 fw1 kernel: [   12.345678] overlayfs: unrecognized option "${fake}" or missing value`,
    ],
    ['a line that lacks what the kernel writes', `Nov 22 23:23:15 fw1 kernel: ${short}`],
    ['a second line', `Nov 22 23:23:15 fw1 app[1]: x\n${fake}`],
    ['a line that goes on', `Nov 22 23:23:15 fw1 kernel: [   12.345678] ${fake}x`],
    ['a record of another facility', `12,1,1,-;${fake}`],
    ['a JSON object in a message', `Nov 22 23:23:15 fw1 app[1]: {"src_ip":"${victim}","oob.prefix":"x"}`],
    [
      'a field of a record that a program may choose',
      JSON.stringify({
        MESSAGE: fake,
        TRANSPORT: 'kernel',
        __REALTIME_TIMESTAMP: '1795392591120911',
        _TRANSPORT: 'journal',
        SYSLOG_IDENTIFIER: 'kernel',
        _UID: '1000',
      }),
    ],
  ])('%s', (_what, line) => {
    expect(held(`${line}\n`).events).toEqual([]);
  });

  it('a packet that an ICMP error quotes is not who sent it', () => {
    const quoted = `${outer} LEN=56 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=ICMP TYPE=3 CODE=1 [SRC=${victim} DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=22 WINDOW=1 RES=0x00 SYN URGP=0 ] `;
    expect(held(`Nov 22 23:23:15 fw1 kernel: ${quoted}\n`).events).toEqual([
      '2026-11-22T23:23:15.000Z FW-DROP eth0: icmp 192.0.2.9 → 192.0.2.1 type 3 code 1',
    ]);
  });

  it('a prefix that names an address is a prefix', () => {
    const line = `Nov 22 23:23:15 fw1 kernel: [   12.345678] SRC=${victim} IN=x ${outer} LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=UDP SPT=1 DPT=53 LEN=20 \n`;
    expect(held(line).events).toEqual([
      `2026-11-22T23:23:15.000Z SRC=${victim} IN=x FW-DROP eth0: udp 192.0.2.9:1 → 192.0.2.1:53`,
    ]);
  });

  it('what cannot be told apart in a text file is an event there: that is why files are not trusted', () => {
    expect(held(`Nov 22 23:23:15 fw1 kernel: ${fake}\n`).events).toHaveLength(1);
  });
});
