import type { News, Served } from '../verbs/index.ts';

type Packet = Extract<News, { kind: 'event' }>['event'];

/** 203.0.113.9 asks 198.51.100.10 for tcp port 3306, at 2026-11-23T13:00:00Z. */
export const dropped: Packet = {
  at: 1_795_438_800,
  prefix: 'IPTables-Dropped:',
  in: 'eth0',
  out: null,
  src: '203.0.113.9',
  dst: '198.51.100.10',
  proto: 'tcp',
  sport: 51_244,
  dport: 3306,
  icmpType: null,
  icmpCode: null,
  flags: ['SYN'],
  length: 60,
  ttl: 54,
  mark: 0,
};

/** A `Served` whose answers say which question they are of, and its news by hand. */
export function servedFixture(over: Partial<Served> = {}): { served: Served; tell(news: News): void; listening(): number } {
  const listeners = new Set<(news: News) => void>();
  const served: Served = {
    status: async () => ({ answers: 'status' }),
    audit: async () => ({ answers: 'audit' }),
    show: async () => ({ answers: 'show' }),
    trace: async (packet) => ({ ok: true, value: { traced: packet } }),
    events: () => [dropped],
    happened: () => ({ incidents: [], bans: [] }),
    subscribe(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    },
    ...over,
  };
  return {
    served,
    tell: (news) => {
      for (const listener of listeners) listener(news);
    },
    listening: () => listeners.size,
  };
}
