import { readFileSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import type { HostState, StateRead } from '../../monitor/index.ts';
import type { Problem } from '../../result.ts';

// Imported, node:http brings all that it exports, a WebSocket among it, which takes longer than everything else a plugin does.
const { request } = process.getBuiltinModule('node:http');

/** A state of a hundred thousand rules has some 40 MB. */
const mostBytes = 128 * 2 ** 20;

interface Limits {
  /** Epoch milliseconds, as of a clock. */
  readonly now: () => number;
  /** All of it takes no longer. */
  readonly timeoutMs: number;
}

/**
 * Asks whoever publishes the host's state on a Unix socket. It throws nothing: that nobody is there, that it may not be read, that it is stale or no
 * state are problems, each with what to do (`unread`). It loads no schema, so that a plugin starts fast: what comes from the socket was written by root.
 */
export async function readPublished(socket: string, { now, timeoutMs }: Limits): Promise<StateRead> {
  const got = await get(socket, '/v1/state', timeoutMs);
  if (!got.ok) return got;
  const state = stateIn(got.body);
  if (state === null) return refused(`what is published at ${socket} is no state of palisade's`, another);
  if (state.until * 1000 >= now()) return { ok: true, state };
  return refused(
    `the state at ${socket} is stale: it is of ${moment(state.at)}, and another was due by ${moment(state.until)}`,
    `see why palisade up (process ${state.palisade.pid}) does not read the host, and start it anew`,
  );
}

type Got = { readonly ok: true; readonly body: string } | { readonly ok: false; readonly problem: Problem };

/** One answer of the socket's, whole. */
export function get(socket: string, path: string, timeoutMs: number): Promise<Got> {
  return new Promise((resolve) => {
    const late = (): void => {
      asked.destroy();
      resolve(
        refused(
          `palisade up did not answer at ${socket} within ${timeoutMs / 1000} s`,
          'see whether it hangs, and start it anew',
        ),
      );
    };
    const timer = setTimeout(late, timeoutMs);
    const end = (got: Got): void => {
      clearTimeout(timer);
      asked.destroy();
      resolve(got);
    };
    const asked = request({ socketPath: socket, path, agent: false, maxHeaderSize: 8192 }, (answer) => {
      whole(answer).then(
        (body) => {
          if (answer.statusCode === 200) end({ ok: true, body });
          else end(refused(`${socket} answers ${answer.statusCode} instead of a state`, another));
        },
        (error: Error) => end(refused(`what is published at ${socket} could not be read (${error.message})`, 'try again')),
      );
    });
    asked.on('error', (error: NodeJS.ErrnoException) => end({ ok: false, problem: unreachable(socket, error) }));
    asked.end();
  });
}

const another = 'name the socket of palisade up with --socket, or make both the same version';

async function whole(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`more than ${mostBytes / 2 ** 20} MB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

const parts = [
  ...([
    'audit',
    'backends',
    'rulesets',
    'chains',
    'rules',
    'drift',
    'persistence',
    'sets',
    'conntrack',
    'log',
    'incidents',
  ] as const),
  ...(['bans', 'backup', 'updates', 'exposure', 'alerts'] as const),
] as const satisfies readonly (keyof HostState)[];

/** `null` of what is none, or of another form. */
function stateIn(body: string): HostState | null {
  try {
    const state = JSON.parse(body) as HostState;
    if (state.form !== 1 || typeof state.at !== 'number' || typeof state.until !== 'number' || typeof state.host !== 'string')
      return null;
    if (typeof state.palisade.pid !== 'number') return null;
    return parts.every((part) => (state[part].known ? 'value' in state[part] : typeof state[part].why === 'string'))
      ? state
      : null;
  } catch {
    return null;
  }
}

function unreachable(socket: string, error: NodeJS.ErrnoException): Problem {
  const start = 'start palisade up as root (systemctl start palisade), or name its socket with --socket';
  switch (error.code) {
    case 'ENOENT':
      return { code: 'unread', message: `nobody publishes the state of this host: there is no ${socket}`, hint: start };
    case 'ECONNREFUSED':
      return { code: 'unread', message: `palisade up has ended: nobody answers at ${socket}`, hint: start };
    case 'EACCES':
    case 'EPERM':
      return { code: 'unread', message: `${userName()} may not read ${socket}`, hint: mayRead(socket) };
    default:
      return { code: 'unread', message: `${socket} cannot be asked (${error.message})`, hint: start };
  }
}

/** What lets the user in, from the socket's own group. */
function mayRead(socket: string): string {
  const group = groupOf(socket);
  const user = userName();
  if (group === null || group === 'root')
    return `as root: groupadd --system palisade; usermod -aG palisade ${user}; then start palisade up and whoever reads anew`;
  return `as root: usermod -aG ${group} ${user}; then log in again, or start the service that reads anew`;
}

function groupOf(socket: string): string | null {
  try {
    const { gid } = statSync(socket);
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((one) => one.split(':')[2] === String(gid));
    return line?.split(':')[0] ?? null;
  } catch {
    return null;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry.
    return `user ${process.getuid?.()}`;
  }
}

function moment(seconds: number): string {
  return Number.isFinite(seconds) && Math.abs(seconds) < 1e11
    ? new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
    : 'no date';
}

function refused(message: string, hint: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { code: 'unread', message, hint } };
}
