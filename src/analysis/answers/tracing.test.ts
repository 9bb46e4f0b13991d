import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Host, hostFromFiles } from '../../model/host/index.ts';
import { type Packet, packetFromJson } from '../../model/packet/index.ts';
import { createEvaluator } from '../evaluate/index.ts';
import { createTracing } from './index.ts';

const testdata = join(import.meta.dirname, '../../../testdata/rulesets');

function hostOf(text: string): Host {
  const read = hostFromFiles({ rulesets: [{ file: 'made', text }], readAt: 0 });
  if (!read.ok) throw new Error(read.problems[0]?.message);
  return read.value;
}

/** Packets of every way, with values that the rules name and others. */
function packets(text: string, family: 4 | 6): readonly Packet[] {
  const named = (pattern: RegExp): string[] =>
    [...new Set([...text.matchAll(pattern)].map((match) => match[1] as string))].slice(0, 6);
  const addresses = [
    ...named(family === 4 ? /(?<![\d.])(\d+\.\d+\.\d+\.\d+)/g : /-[sd] ([0-9a-f:]+:[0-9a-f:]*)\//g),
    ...others[family],
  ];
  const ports = [...named(/port (\d+)/g).map(Number), 9];
  const links = [...named(/-[io] ([a-z0-9-]+)(?= )/g), 'lo', 'eth9'];
  const list: Packet[] = [];
  let turn = 0;
  for (const hook of ['input', 'forward', 'output'] as const)
    for (const src of addresses)
      for (const dst of addresses)
        for (const dport of ports)
          for (const state of ['NEW', 'ESTABLISHED', 'INVALID']) {
            turn += 1;
            const link = links[turn % links.length];
            const proto = ['tcp', 'udp', 'icmp'][turn % 3] as string;
            const ends = { in: hook === 'output' ? null : link, out: hook === 'input' ? null : links[(turn + 1) % links.length] };
            const read = packetFromJson(
              { hook, ...ends, src, dst, proto, state, ...(proto === 'icmp' ? {} : { dport }) },
              { link: null },
            );
            if (read.ok) list.push(read.value);
          }
  return list;
}

const others = { 4: ['203.0.113.9', '198.51.100.1'], 6: ['2001:db8::9', 'fd00::1'] } as const;

describe('tracing', () => {
  it.each([
    ['docker/nft-v4.save', 4],
    ['kubernetes/nft-v4.save', 4],
    ['ufw/nft-v6.save', 6],
  ] as const)('of %s says what the interpreter says', (file, family) => {
    const text = readFileSync(join(testdata, file), 'latin1');
    const host = hostOf(text);
    const [tracing, evaluator] = [createTracing(host), createEvaluator(host)];
    const all = packets(text, family);
    expect(all.length).toBeGreaterThan(100);
    let depends = 0;
    for (const packet of all) {
      const { path, assumed, ...rest } = evaluator.trace(packet) ?? { path: [], assumed: [] };
      const { path: none, assumed: fewer, ...brief } = tracing.trace(packet) ?? { path: [], assumed: [] };
      expect(brief).toEqual(rest);
      expect(none).toEqual([]);
      expect(assumed).toEqual(expect.arrayContaining([...fewer]));
      expect(path).toBeDefined();
      if ('verdict' in rest && rest.verdict === 'DEPENDS') depends += 1;
    }
    if (file.startsWith('ufw')) expect(depends).toBeGreaterThan(0);
  });

  it('leaves rules that grow over the budget to the interpreter', () => {
    const text = readFileSync(join(testdata, 'docker/nft-v4.save'), 'latin1');
    const host = hostOf(text);
    const [packet] = packets(text, 4);
    if (packet === undefined) throw new Error('there is no packet');
    expect(createTracing(host, 1).trace(packet)).toEqual({ ...createEvaluator(host).trace(packet), path: [] });
  });

  it('has no answer where the rules are unknown', () => {
    const host = hostOf(readFileSync(join(testdata, 'docker/nft-v4.save'), 'latin1'));
    const read = packetFromJson(
      { hook: 'input', in: 'eth0', src: '2001:db8::1', dst: '2001:db8::2', proto: 'tcp', dport: 1 },
      { link: null },
    );
    if (!read.ok) throw new Error('no packet');
    expect(createTracing(host).trace(read.value)).toBeNull();
  });
});
