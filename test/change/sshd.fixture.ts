import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const program = '/usr/sbin/sshd';

/** Why no server can be started here; `null` where one can. */
export function noSshd(): string | null {
  if (!existsSync(program)) return 'openssh-server is not installed';
  const users = Number(/(\d+)\s*$/.exec(readFileSync('/proc/self/uid_map', 'latin1'))?.[1]);
  if (process.geteuid?.() !== 0 || users < 65_535) return 'sshd needs root, and a user to become';
  const made = spawnSync('unshare', ['-m', 'true']);
  return made.status === 0 ? null : 'no mount namespace can be made';
}

/** A server of OpenSSH's on 127.0.0.1 of this network, with keys and a configuration of its own. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** Private keys: `lets` in, is a `stranger`, `hangs` for ever, or is served by something that `cuts` what was put there. */
  readonly keys: Readonly<Record<'lets' | 'stranger' | 'hangs' | 'cuts', string>>;
  /** Files of known hosts: its own key, none, and another one under its name. */
  readonly known: Readonly<Record<'right' | 'none' | 'other', string>>;
  /** As only the server sees it: a disk of 100 KB. */
  readonly small: string;
  /** What it has logged. */
  said(): string;
}

/**
 * Reads what a client says and what sftp-server answers; once a file is closed that was written, its end is gone (draft-ietf-secsh-filexfer-02:
 * a length, a type; 4 is CLOSE, 6 WRITE, 101 STATUS).
 */
const cutter = `import { spawn } from 'node:child_process';
import { readdirSync, statSync, truncateSync } from 'node:fs';
const [server, folder] = process.argv.slice(2);
const child = spawn(server, { stdio: ['pipe', 'pipe', 'inherit'] });
let [written, closing] = [false, false];
const packets = (from, to, seen) => {
  let held = Buffer.alloc(0);
  from.on('data', (piece) => {
    held = Buffer.concat([held, piece]);
    while (held.length > 4 && held.length >= 4 + held.readUInt32BE(0)) {
      const length = 4 + held.readUInt32BE(0);
      seen(held[4]);
      to.write(held.subarray(0, length));
      held = held.subarray(length);
    }
  });
  from.on('end', () => to.end());
};
packets(process.stdin, child.stdin, (type) => {
  if (type === 6) written = true;
  if (type === 4 && written) closing = true;
});
packets(child.stdout, process.stdout, (type) => {
  if (type !== 101 || !closing) return;
  [written, closing] = [false, false];
  for (const name of readdirSync(folder)) truncateSync(folder + '/' + name, statSync(folder + '/' + name).size - 1);
});
`;

/**
 * @param folder holds all of it
 * @param cutFolder whose files lose their ends
 * @param settings lines of its configuration that go before what stands there otherwise
 */
export async function startSshd(folder: string, cutFolder: string, settings = ''): Promise<Sshd> {
  const at = (name: string): string => join(folder, name);
  for (const key of ['host', 'other', 'lets', 'stranger', 'hangs', 'cuts'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', at(key)]);
  const open = (key: string): string => readFileSync(at(`${key}.pub`), 'latin1').trim();
  const port = await freePort();
  const server = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server'].find(existsSync) ?? 'internal-sftp';
  writeFileSync(at('cutter.mjs'), cutter);
  const forced = {
    hangs: 'sleep 600',
    cuts: `${process.execPath} ${at('cutter.mjs')} ${server} ${cutFolder}`,
  };
  writeFileSync(
    at('authorized'),
    [open('lets'), ...(['hangs', 'cuts'] as const).map((key) => `command="${forced[key]}" ${open(key)}`)].join('\n'),
  );
  const named = (key: string): string => `[127.0.0.1]:${port} ${open(key)}\n`;
  const known = { right: at('known'), none: at('known-none'), other: at('known-other') };
  writeFileSync(known.right, named('host'));
  writeFileSync(known.none, '');
  writeFileSync(known.other, named('other'));
  const small = at('small');
  mkdirSync(small);
  writeFileSync(
    at('sshd_config'),
    `${settings}
Port ${port}
ListenAddress 127.0.0.1
HostKey ${at('host')}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile ${at('authorized')}
Subsystem sftp ${server}
`,
  );
  // It wants a folder and a user of its own, and root may be locked out by /etc/shadow: none of that touches the machine's.
  const start = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
mount -t tmpfs -o size=100k,mode=700 tmpfs "$1/small"
printf '%s\\n' root:x:0:0::/root:/bin/sh sshd:x:65534:65534::/run/sshd:/bin/false >"$1/passwd"
printf '%s\\n' 'root:*:19000:0:99999:7:::' 'sshd:*:19000:0:99999:7:::' >"$1/shadow"
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
exec ${program} -D -e -f "$1/sshd_config"`;
  const child = spawn('unshare', ['-m', 'sh', '-c', start, 'sh', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  for (let left = 200; !said.includes('Server listening'); left -= 1) {
    if (left === 0 || child.exitCode !== null) throw new Error(`sshd did not start: ${said}`);
    await sleep(20);
  }
  return {
    port,
    keys: { lets: at('lets'), stranger: at('stranger'), hangs: at('hangs'), cuts: at('cuts') },
    known,
    small,
    said: () => said,
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
