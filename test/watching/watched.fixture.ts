import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createKernel, frame, type Namespace, openSender, type Sender } from '../../src/kernel/index.ts';
import type { Packet } from '../../src/model/packet/index.ts';

/** A host in a namespace whose rules log by NFLOG what a peer sends, and the state folder of whoever watches it. */
export interface WatchedHost extends AsyncDisposable {
  readonly firewall: Namespace;
  readonly folder: string;
  /** What every command is told. */
  readonly flags: readonly string[];
  /** A packet from each source to each port, in order. */
  send(sources: readonly string[], ports: readonly number[]): void;
}

export async function watchedHost(): Promise<WatchedHost> {
  const kernel = createKernel();
  const peer = await kernel.namespace();
  await peer.run({ argv: ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'] });
  const firewall = await kernel.namespace({ beside: peer, links: [{ name: 'eth0', peer: { namespace: peer, name: 'peer0' } }] });
  const rule = [
    '-t',
    'raw',
    '-A',
    'PREROUTING',
    '-i',
    'eth0',
    '-p',
    'tcp',
    '-j',
    'NFLOG',
    '--nflog-group',
    '31',
    '--nflog-prefix',
    'FW: ',
  ];
  for (const argv of [
    ['iptables', ...rule],
    ['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:02'],
  ] as const)
    expect(await firewall.run({ argv: [...argv] as [string, ...string[]] })).toMatchObject({ kind: 'exited', status: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'palisade-watched-'));
  writeFileSync(join(folder, 'config.yaml'), 'watch: { sources: ["nflog:31"] }\n');
  const opened = openSender({ link: 'peer0', namespacePid: peer.pid });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  const sender: Sender = opened.value;
  let id = 0;
  return {
    firewall,
    folder,
    flags: ['--state', join(folder, 'state'), '--config', join(folder, 'config.yaml')],
    send(sources, ports) {
      for (const src of sources)
        for (const dport of ports) {
          id += 1;
          sender.send(frame(syn(src, dport), link, id));
        }
    },
    async [Symbol.asyncDispose]() {
      sender[Symbol.dispose]();
      await firewall[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

const link = { source: 0x020000000001, destination: 0x020000000002 };

function syn(src: string, dport: number): Packet {
  const value = src.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  return {
    family: 4,
    hook: 'input',
    in: 'eth0',
    out: null,
    src: value,
    dst: 0xc6336401n,
    proto: 6,
    sport: 40_000,
    dport,
    icmpType: null,
    icmpCode: null,
    flags: 2,
    state: 'NEW',
    status: 0,
    direction: 'original',
    original: null,
    mark: 0,
    connmark: 0,
    length: 60,
    ttl: 52,
    fragment: false,
    mac: null,
  };
}
