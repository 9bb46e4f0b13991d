import type { Address } from '../net/index.ts';
import { parseAddress } from '../net/index.ts';
import type { Fields } from './fields.ts';
import type { Listener } from './host.ts';
import { parseBound } from './listener.ts';
import { inTable } from './socket-table.ts';

/** An established TCP connection over which somebody manages the host: it must outlive any change of the rules. */
export interface Session {
  readonly local: Address;
  readonly localPort: number;
  readonly peer: Address;
  readonly peerPort: number;
  /** `null` when the rights to see it were missing. */
  readonly process: string | null;
  /** All that hold its socket; none from a facts file, or where they could not be seen. */
  readonly pids: readonly number[];
}

/** Queues, local and peer socket, processes: `ss -H -n -t -p state established` prints no state. */
const line = /^\d+\s+\d+\s+(\S+):(\d+)\s+(\S+):(\d+)\s*(.*)$/s;

/** Servers that people log in to, by their processes; since OpenSSH 9.8 a session has a program of its own. */
const servers = /^(?:sshd|sshd-session|sshd-auth|dropbear|tinysshd|in\.telnetd|telnetd)$/;

/**
 * Those of `ss` that belong to a server for logging in. Where processes cannot be seen, those to the ports on which such a
 * server listens, or to port 22. A connection that a program of a session made is not one.
 */
export function parseSessions(text: string, listeners: readonly Listener[]): readonly Session[] | undefined {
  const ports = new Set([22, ...listeners.filter(({ process }) => isLoginServer(process)).map(({ port }) => port)]);
  return parseEstablished(text)?.filter(({ localPort, process }) =>
    process === null ? ports.has(localPort) : isLoginServer(process),
  );
}

/** All connections of TCP that are established, as {@link Session}s: `ss -H -n -t -p state established`. */
export function parseEstablished(text: string): readonly Session[] | undefined {
  return inTable(text, line, ([, local = '', localPort = '', peer = '', peerPort = ''], process, pids) => {
    const [ours, theirs] = [parseBound(local)?.address, parseBound(peer)?.address];
    if (!ours || !theirs) return undefined;
    return { local: ours, localPort: Number(localPort), peer: theirs, peerPort: Number(peerPort), process, pids };
  });
}

/** A process that people log in through. */
export function isLoginServer(process: string | null): boolean {
  return process !== null && servers.test(process);
}

/** From a facts file. */
export function readSession(fields: Fields): Session {
  fields.text('local');
  fields.text('peer');
  const none: Address = { family: 4, value: 0n };
  return {
    local: fields.parsed('local', parseAddress, 'an address') ?? none,
    localPort: fields.optionalNumber('localPort', 1, 65535) ?? 22,
    peer: fields.parsed('peer', parseAddress, 'an address') ?? none,
    peerPort: fields.number('peerPort', 1, 65535),
    process: fields.optionalText('process') ?? null,
    pids: [],
  };
}
