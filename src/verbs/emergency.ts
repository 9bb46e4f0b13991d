import { createHash } from 'node:crypto';
import type { OwnRecord } from '../change/index.ts';
import type { Host } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { emergencyOf } from '../policy/index.ts';
import type { Planned } from './policy-file.ts';

/** Servers that people log in to, by their processes. */
const servers = /^(?:sshd|sshd-session|dropbear|tinysshd)$/;

/** What the machine is to start with where what the policy says cannot be restored: who manages it comes in, and nobody else. */
export function emergencyFor({ policy, situation }: Planned, host: Host): OwnRecord['emergency'] {
  const listeners = host.listeners.known ? host.listeners.value : [];
  const sessions = host.sessions.known ? host.sessions.value : [];
  const ports = [
    ...listeners.filter(({ proto, process }) => proto === 'tcp' && servers.test(process ?? '')).map(({ port }) => port),
    ...sessions.map(({ localPort }) => localPort),
  ];
  const peers = sessions.map(({ peer, localPort }) => ({ address: peer, port: localPort }));
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const families = emergencyOf(policy, { ports, peers }, { ...situation, digest });
  const of = (family: Family) =>
    families[family].map((table) => ({
      ...table,
      jumps: table.jumps.map(({ from, to }) => ({ from, to, position: 1, text: `-A ${from} -j ${to}` })),
    }));
  return { 4: of(4), 6: of(6) };
}
