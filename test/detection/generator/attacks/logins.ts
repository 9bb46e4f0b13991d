import { words } from '../address.ts';
import { type Attack, type Entry, type Kind, sorted } from '../entry.ts';
import type { Random } from '../random.ts';
import { type Sender, senderOf, syn, type World } from '../world.ts';
import { begin } from './scans.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const users = ['admin', 'test', 'ubuntu', 'oracle', 'postgres', 'git', 'user', 'ftpuser', 'pi', 'deploy', 'minecraft', 'es'];

export function logins(world: World): Attack[] {
  return [
    ...[0, 1, 2].map((index) => byLimit(world, `ssh limit ${index}`, 'ssh-limit', 22, world.random(`ssh limit ${index} pace`))),
    ...[0, 1, 2].map((index) => byLogins(world, `ssh logins ${index}`, 'ssh-logins')),
    slowByLimit(world),
    byLogins(world, 'ssh slow', 'ssh-slow', 30 * second, 400),
    crowdByLogins(world),
    crowdByLimit(world),
    ...[3389, 3306, 25, 5900, 1433, 21]
      .slice(0, 4)
      .map((port) => byLimit(world, `service ${port}`, 'service', port, world.random(`service ${port} pace`))),
  ];
}

/** A connection attempt that is answered by nobody: again after one second, and two more, unless its sender does not wait. */
export function attempt(
  world: World,
  random: Random,
  sender: Sender,
  at: number,
  ends: { readonly prefix: string; readonly src: number; readonly dst: number; readonly dport: number },
): Entry[] {
  const sport = random.int(32_768, 60_999);
  const again = sender.tool === 'linux' || sender.tool === 'windows' ? random.int(0, 2) : 0;
  return [0, second, 3 * second].slice(0, again + 1).map((later) => ({
    at: at + later + (later === 0 ? 0 : random.float() * 20),
    kind: 'packet',
    packet: syn(random, sender, { ...ends, sport }, world.link),
  }));
}

function byLimit(
  world: World,
  name: string,
  kind: Kind,
  dport: number,
  pace: Random,
  gap = pace.int(1000, 5000),
  count = pace.int(150, 1500),
): Attack {
  const random = world.random(name);
  const src = world.pool.one();
  const dst = random.pick(world.own);
  const sender = senderOf(random, random.pick(['linux', 'linux', 'bot'] as const));
  const at = begin(world, random, 1.1 * count * gap);
  const prefix = dport === 22 ? world.prefixes.ssh : world.prefixes.service;
  const entries: Entry[] = [];
  for (let index = 0, now = at; index < count; index += 1, now += gap * (0.6 + 0.8 * random.float()))
    entries.push(...attempt(world, random, sender, now, { prefix, src, dst, dport }));
  return { kind, sources: [words(src)], targets: [words(dst)], deserves: 'ban', entries: sorted(entries) };
}

/** One try in thirty seconds, hours long. */
function slowByLimit(world: World): Attack {
  return byLimit(world, 'ssh slow limit', 'ssh-slow', 22, world.random('ssh slow limit pace'), 30 * second, 420);
}

/** The fields by which journald vouches that sshd, as root, under its own unit, wrote a line. */
export const ofSshd = (pid: number): Readonly<Record<string, string>> => ({
  _TRANSPORT: 'syslog',
  SYSLOG_IDENTIFIER: 'sshd',
  SYSLOG_FACILITY: '4',
  PRIORITY: '6',
  SYSLOG_PID: String(pid),
  _PID: String(pid),
  _UID: '0',
  _GID: '0',
  _COMM: 'sshd',
  _EXE: '/usr/sbin/sshd',
  _SYSTEMD_UNIT: 'ssh.service',
  _SYSTEMD_CGROUP: '/system.slice/ssh.service',
  _SYSTEMD_SLICE: 'system.slice',
});

/** What sshd writes of somebody who is turned away. */
export function failedLogin(
  random: Random,
  at: number,
  source: string,
  user = random.chance(0.5) ? 'root' : random.pick(users),
): Entry[] {
  const pid = random.int(700, 400_000);
  const port = random.int(32_768, 60_999);
  const fields = ofSshd(pid);
  const isKnown = user === 'root';
  const line = (later: number, text: string): Entry => ({ at: at + later, kind: 'journal', text, fields });
  return [
    ...(isKnown ? [] : [line(0, `Invalid user ${user} from ${source} port ${port}`)]),
    line(1800, `Failed password for ${isKnown ? '' : 'invalid user '}${user} from ${source} port ${port} ssh2`),
    line(2300, `Connection closed by ${isKnown ? 'authenticating' : 'invalid'} user ${user} ${source} port ${port} [preauth]`),
  ];
}

function byLogins(world: World, name: string, kind: Kind, everyMs?: number, tries?: number): Attack {
  const random = world.random(name);
  const gap = everyMs ?? random.int(2000, 8000);
  const count = tries ?? random.int(100, 900);
  const source = words(world.pool.one());
  const at = begin(world, random, 1.1 * count * gap);
  const entries: Entry[] = [];
  for (let index = 0, now = at; index < count; index += 1, now += gap * (0.6 + 0.8 * random.float()))
    entries.push(...failedLogin(random, now, source));
  return { kind, sources: [source], targets: [], deserves: 'ban', entries: sorted(entries) };
}

/** 150 who try six times each, within two hours. */
function crowdByLogins(world: World): Attack {
  const random = world.random('ssh crowd');
  const sources = Array.from({ length: 150 }, () => words(world.pool.one()));
  const at = begin(world, random, 2 * hour);
  const entries = sources.flatMap((source) =>
    Array.from({ length: 6 }, () => failedLogin(random, at + random.float() * 2 * hour, source, 'root')).flat(),
  );
  return { kind: 'ssh-distributed', sources, targets: [], deserves: 'incident', entries: sorted(entries) };
}

function crowdByLimit(world: World): Attack {
  const random = world.random('ssh crowd limit');
  const sources = Array.from({ length: 150 }, () => world.pool.one());
  const dst = random.pick(world.own);
  const at = begin(world, random, 2 * hour);
  const entries = sources.flatMap((src) => {
    const sender = senderOf(random, 'bot');
    return Array.from({ length: 6 }, () =>
      attempt(world, random, sender, at + random.float() * 2 * hour, { prefix: world.prefixes.ssh, src, dst, dport: 22 }),
    ).flat();
  });
  return {
    kind: 'ssh-distributed',
    sources: sources.map(words),
    targets: [words(dst)],
    deserves: 'incident',
    entries: sorted(entries),
  };
}
