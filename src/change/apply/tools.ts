import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';

/** The programs that read and write one family's rules of one backend. */
export function toolsFor(family: Family, backend: Backend): { readonly save: string; readonly restore: string } {
  const name = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
  return { save: `${name}-save`, restore: `${name}-restore` };
}

/** Seconds for which the lock of iptables-legacy is waited for. */
export const lockSeconds = 5;
