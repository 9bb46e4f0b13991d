/**
 * A person in the lab, as a process in one namespace: `server` listens, `client` uses it, `attacker` knocks on doors.
 * Bounded in count and pace, and ends when its standard input closes, which is when palisade does.
 */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

const serverV4 = '198.51.100.10';
const serverV6 = '2001:db8::10';
const lan = '192.168.1.1';
/** What an attacker tries first. */
const doors = [22, 3306, 5432, 6379, 23, 445, 3389, 8080, 9200, 27017, 21, 25, 139, 1433, 2375, 5900];
const mostKnocks = 20_000;

process.title = `lab-${process.argv[2]}`;
process.stdin.on('end', () => process.exit(0)).resume();

switch (process.argv[2]) {
  case 'server':
    await Promise.all([
      ...[22, 80, 3306].map(
        (port) => new Promise<void>((ready) => createServer((socket) => socket.end()).listen(port, '::', ready)),
      ),
      new Promise<void>((ready) => createSocket('udp6').bind(53, '::', ready)),
    ]);
    process.stdout.write('ready\n');
    break;
  case 'client':
    every(2000, () => knock(lan, 80));
    break;
  case 'attacker':
    every(700, (turn) => knock(turn % 5 === 4 ? serverV6 : serverV4, doors[turn % doors.length] ?? 22));
    break;
  default:
    process.exitCode = 2;
}

function every(pauseMs: number, act: (turn: number) => void): void {
  let turn = 0;
  const timer = setInterval(() => {
    act(turn);
    turn += 1;
    if (turn >= mostKnocks) clearInterval(timer);
  }, pauseMs);
}

function knock(host: string, port: number): void {
  const socket = connect({ host, port });
  socket.setTimeout(1500, () => socket.destroy());
  // A closed or silent door is what the attacker expects.
  socket.on('error', () => socket.destroy()).on('connect', () => socket.end());
}
