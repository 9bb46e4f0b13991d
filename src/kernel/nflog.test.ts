import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { base, drain, firewall, link, open, run, sender } from './joined.fixture.ts';
import { openNflog } from './nflog.ts';
import { frame, identify } from './packets.ts';

describe('an NFLOG group', () => {
  it('counts exactly what it loses when it has no room', async () => {
    using nflog = open(7, { receiveBufferBytes: 1 });
    using out = sender();
    run(firewall, 'iptables -t raw -Z PREROUTING');
    for (let id = 1; id <= 20_000; id += 1) out.send(frame(base, link, id));
    const got = await drain(nflog);
    expect(nflog.lost()).toBeGreaterThan(0);
    expect(nflog.lost() + got.length).toBeLessThanOrEqual(20_000);
    out.send(frame(base, link, 20_001));
    got.push(...(await drain(nflog)));
    // The rule's own packet counter is the oracle.
    const counted = Number(/-c (\d+) \d+/.exec(run(firewall, 'iptables -t raw -v -S PREROUTING').split('\n')[1] ?? '')?.[1]);
    expect(counted).toBe(20_001);
    expect(nflog.lost() + got.length).toBe(counted);
  });

  it('has one reader, and the second is told who it is', () => {
    using _first = open(7);
    const second = openNflog({ group: 7, namespacePid: firewall });
    expect(second.ok || second.problems[0]?.message).toBe(
      `NFLOG group 7 is already read by node (process ${process.pid}), and a group has one reader`,
    );
  });

  it('is free again once its reader is closed', () => {
    open(7)[Symbol.dispose]();
    using again = open(7);
    expect(again.read()).toEqual([]);
  });

  it('is followed until the signal aborts', async () => {
    using nflog = open(7);
    using out = sender();
    const stop = new AbortController();
    const seen: (number | undefined)[] = [];
    const ended = (async () => {
      for await (const { packets } of nflog.follow(stop.signal)) {
        for (const packet of packets) seen.push(identify(packet.payload));
      }
    })();
    for (let id = 1; id <= 3; id += 1) {
      out.send(frame(base, link, id));
      while (seen.length < id) await sleep(5);
    }
    expect(seen).toEqual([1, 2, 3]);
    stop.abort();
    await ended;
  });

  it('leaves the choice of loggers of its namespace alone', () => {
    const before = run(firewall, 'sysctl net.netfilter.nf_log');
    open(7)[Symbol.dispose]();
    expect(run(firewall, 'sysctl net.netfilter.nf_log')).toBe(before);
  });
});
