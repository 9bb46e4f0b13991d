import { words } from '../address.ts';
import type { Entry } from '../entry.ts';
import { kernelLine } from '../packet.ts';
import type { Random } from '../random.ts';
import { fromGateway, senderOf, syn, type World } from '../world.ts';
import { ofSshd } from './logins.ts';
import { begin } from './scans.ts';

/** Text that somebody without rights brought into a log, and whom it accuses. Nobody of them ever sent anything. */
export interface Forgery {
  readonly form: string;
  readonly victims: readonly string[];
  readonly entries: Iterable<Entry>;
}

/** So many lines a form: each alone would be a scan, if it were believed. */
const lines = 40;

/**
 * Every form can be told from a line of the kernel's, or of sshd's, by where it stands or by who vouches for it. `logger -t kernel` in a
 * file cannot, so that it stands only in the journal, whose fields tell it.
 */
export function forgeries(world: World): Forgery[] {
  return [...inSyslog(world), ...inJournal(world), nested(world)];
}

function form(
  world: World,
  name: string,
  make: (random: Random, at: number, fake: string, victim: string, port: number) => Entry[],
): Forgery {
  const random = world.random(`forged ${name}`);
  const victim = world.pool.one();
  const dst = random.pick(world.own);
  const sender = senderOf(random, 'nmap');
  const gap = random.pick([200, 2000]);
  const at = begin(world, random, 2 * lines * gap);
  const entries: Entry[] = [];
  for (let index = 0; index < lines; index += 1) {
    const dport = 20 + 7 * index;
    const fake = kernelLine(
      syn(
        random,
        sender,
        { prefix: world.prefixes.dropped || 'FW ', src: victim, dst, sport: random.int(1025, 65_000), dport },
        world.link,
      ),
    );
    entries.push(...make(random, at + index * gap, fake, words(victim), dport));
  }
  return { form: name, victims: [words(victim)], entries };
}

const said = (at: number, tag: string, text: string): Entry => ({ at, kind: 'said', tag, text });
const stamp = (random: Random): string => `[${random.int(1000, 99_999)}.${random.int(100_000, 999_999)}]`;

/** Who sent it: somebody of a network that nobody else here is of. */
const stranger = (random: Random): string => `198.18.${random.int(0, 255)}.${random.int(1, 254)}`;

function inSyslog(world: World): Forgery[] {
  const { host } = world;
  return [
    form(world, 'sshd user name', (random, at, fake) => [
      said(
        at,
        `sshd[${random.int(700, 99_999)}]`,
        `Invalid user kernel: ${stamp(random)} ${fake.trimEnd()} from ${stranger(random)} port ${random.int(1025, 65_000)}`,
      ),
    ]),
    form(world, 'user agent', (random, at, fake) => [
      said(at, 'nginx', `${words(world.monitor)} - - "GET / HTTP/1.1" 200 612 "-" "kernel: ${stamp(random)} ${fake.trimEnd()}"`),
    ]),
    form(world, 'kernel with a pid', (random, at, fake) => [
      said(at, `kernel[${random.int(300, 9999)}]`, `${stamp(random)} ${fake}`),
    ]),
    form(world, 'escaped line break', (random, at, fake) => [
      said(at, `app[${random.int(300, 9999)}]`, `hello#012Nov 22 23:23:15 ${host} kernel: ${stamp(random)} ${fake}`),
    ]),
    form(world, 'message of several lines', (random, at, fake) => [
      said(at, 'app', 'Traceback (most recent call last):'),
      { at, kind: 'bare', text: `    ${host} kernel: ${stamp(random)} ${fake}` },
      { at, kind: 'bare', text: `\tNov 22 23:23:15 ${host} kernel: ${stamp(random)} ${fake}` },
    ]),
    form(world, 'su', (random, at, fake) => [
      said(at, `su[${random.int(300, 9999)}]`, `FAILED SU (to root) kernel: ${stamp(random)} ${fake} on pts/0`),
    ]),
    form(world, 'far too long', (random, at, fake) => [
      said(at, 'kernel', `${stamp(random)} ${'A'.repeat(3000)} ${fake}`),
      said(at, 'kernel', `${stamp(random)} ${fake}${'A'.repeat(3000)}`),
    ]),
    // A process may call itself what it likes, in fifteen bytes, and the kernel says so when it dies.
    form(world, 'name of a process', (random, at, _, victim) => [
      said(
        at,
        'kernel',
        `${stamp(random)} SRC=${victim.slice(0, 11)}[${random.int(300, 9999)}]: segfault at 0 ip 000055d0 sp 00007ffd error 4 in IN=x[55d0+1000]`,
      ),
      said(
        at,
        'kernel',
        `${stamp(random)} IN=eth0 OUT= S[${random.int(300, 9999)}]: segfault at 0 ip 000055d0 sp 00007ffd error 4 in SRC=${victim}[55d0+1000]`,
      ),
    ]),
    // No whole packet: the kernel never writes this.
    form(world, 'incomplete', (random, at, fake) => [
      said(at, 'kernel', `${stamp(random)} ${fake.slice(0, fake.indexOf(' LEN='))}`),
    ]),
  ];
}

function inJournal(world: World): Forgery[] {
  const journal = (at: number, text: string, fields: Readonly<Record<string, string>>): Entry => ({
    at,
    kind: 'journal',
    text,
    fields,
  });
  const ofUser = (name: string, pid: number) => ({
    _TRANSPORT: 'syslog',
    SYSLOG_IDENTIFIER: name,
    SYSLOG_FACILITY: '1',
    PRIORITY: '4',
    _PID: String(pid),
    _UID: '1000',
    _GID: '1000',
    _COMM: 'logger',
    _SYSTEMD_UNIT: 'user@1000.service',
  });
  return [
    form(world, 'logger -t kernel', (random, at, fake) => [journal(at, fake, ofUser('kernel', random.int(700, 99_999)))]),
    form(world, 'logger -t sshd', (random, at, _, victim) => [
      journal(at, `Failed password for root from ${victim} port 40312 ssh2`, ofUser('sshd', random.int(700, 99_999))),
    ]),
    form(world, 'a user name that is a whole message', (random, at, _, victim) => {
      // A trusted line of sshd's: only its end says whose it is.
      const real = stranger(random);
      const fields = ofSshd(random.int(700, 99_999));
      return [
        journal(at, `Invalid user root from ${victim} port 22 ssh2 from ${real} port 40312`, fields),
        journal(
          at + 50,
          `Failed password for invalid user root from ${victim} port 22 ssh2 from ${real} port 40312 ssh2`,
          fields,
        ),
        journal(
          at + 60,
          `Failed password for invalid user Accepted password for root from ${victim} port 22 ssh2 from ${real} port 40312 ssh2`,
          fields,
        ),
      ];
    }),
    form(world, 'sshd of a user', (random, at, _, victim) => [
      journal(at, `Failed password for root from ${victim} port 40312 ssh2`, {
        ...ofSshd(random.int(700, 99_999)),
        _UID: '1000',
        _EXE: '/home/mallory/sshd',
        _SYSTEMD_UNIT: 'user@1000.service',
      }),
    ]),
  ];
}

/** Errors that hold a packet that never was: the only form that comes from afar, and in the kernel's own lines. */
function nested(world: World): Forgery {
  const random = world.random('forged nested');
  const victim = words(world.pool.one());
  const src = world.pool.one();
  const dst = random.pick(world.own);
  const at = begin(world, random, 60_000);
  const entries = Array.from({ length: lines }, (_, index): Entry => {
    const rest = `[SRC=${victim} DST=${words(dst)} LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=${random.int(0, 65_535)} PROTO=TCP SPT=40000 DPT=${20 + 7 * index} WINDOW=1024 RES=0x00 SYN URGP=0 ] `;
    return {
      at: at + index * 300,
      kind: 'packet',
      packet: {
        prefix: world.prefixes.dropped,
        in: world.link,
        mac: fromGateway,
        src,
        dst,
        length: 56,
        ttl: 49,
        id: random.int(0, 65_535),
        what: { kind: 'icmp', type: 3, code: 1, rest },
      },
    };
  });
  return { form: 'packet within an ICMP error', victims: [victim], entries };
}
