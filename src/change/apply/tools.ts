import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';

/** The programs that read and write one family's rules of one backend. */
export function toolsFor(family: Family, backend: Backend): { readonly save: string; readonly restore: string } {
  const name = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
  return { save: `${name}-save`, restore: `${name}-restore` };
}

/** Seconds for which a tool waits for the lock of iptables-legacy. */
export const lockSeconds = 5;
