import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/model/host/index.ts';
import { type Packet, packetFromJson } from '../../src/model/packet/index.ts';
import { cases, from4 } from './cases.ts';
import { must, openLab } from './lab.ts';
import { ruleName } from './rulesets.ts';
import { evaluate, met, textOf } from './staged.ts';

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  it('meets the same rules in the kernel, in the interpreter, and as is written here', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    for (const [index, one] of cases.entries()) {
      const text = textOf(one);
      const packet = must(packetFromJson(one.packet, { link: 'eth0' }));
      await lab.load(one.family, text);
      const meets = 'nft' in one.meets ? one.meets[backend] : one.meets;
      const reporting = evaluate(lab, one.family, text, packet).path.filter(({ effect }) => effect === 'log');
      expect({ case: one.name, kernel: await met(lab, packet, 0x2000 + index), palisade: reporting.map(ruleName) }).toEqual({
        case: one.name,
        kernel: meets,
        palisade: meets,
      });
    }
  });

  it('skips nat for what comes back over loopback, which tracking knows already', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const rules = [
      'raw PREROUTING -m conntrack --ctstate NEW',
      'nat PREROUTING',
      'nat INPUT',
      'filter INPUT -i lo',
      'nat OUTPUT',
      'raw OUTPUT',
    ];
    const text = textOf({ family: 4, rules });
    await lab.load(4, text);
    const out = must(
      packetFromJson(
        { hook: 'output', out: 'lo', src: '10.50.0.9', dst: '10.50.0.5', proto: 'udp', sport: 1020, dport: 9, length: 100 },
        { link: 'lo' },
      ),
    );
    const back: Packet = { ...out, hook: 'input', in: 'lo', out: null };
    const expected = [out, back].map((packet) =>
      evaluate(lab, 4, text, packet)
        .path.filter(({ effect }) => effect === 'log')
        .map(ruleName),
    );
    expect(await met(lab, out, 0x3000)).toEqual(expected.flat());
    expect(expected).toEqual([
      ['raw:OUTPUT:1', 'nat:OUTPUT:1'],
      ['raw:PREROUTING:1', 'filter:INPUT:1'],
    ]);
  });

  it('exempts what comes back over loopback if tracking did not want it on its way out', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const rules = ['raw PREROUTING -i lo -j NOTRACK', 'mangle INPUT -m conntrack --ctstate UNTRACKED'];
    const text = textOf({ family: 4, rules });
    await lab.load(4, text);
    for (const [index, state] of (['INVALID', 'NEW'] as const).entries()) {
      const flags = state === 'NEW' ? (['SYN'] as const) : (['FIN'] as const);
      const json = {
        ...from4,
        hook: 'output',
        in: 'lo',
        out: 'lo',
        src: '10.50.0.9',
        proto: 'tcp',
        sport: 1050 + index,
        dport: 9,
      };
      const out: Packet = { ...must(packetFromJson({ ...json, in: undefined, mac: undefined, flags, state }, { link: 'lo' })) };
      const back: Packet = { ...out, hook: 'input', in: 'lo', out: null, mac: 0 };
      const expected = evaluate(lab, 4, text, back).path.filter(({ effect }) => effect === 'log');
      expect(await met(lab, out, 0x3100 + index)).toEqual(expected.map(ruleName));
      expect(expected.map(ruleName)).toEqual(state === 'NEW' ? [] : ['mangle:INPUT:1']);
    }
  });

  it('says of an IPv4 fragment that the kernel waits before INPUT for the rest', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const text = textOf({ family: 4, rules: ['mangle PREROUTING', 'filter INPUT'] });
    await lab.load(4, text);
    const packet = must(packetFromJson({ ...from4, proto: 'udp', fragment: true }, { link: 'eth0' }));
    expect(await met(lab, packet, 0x3200)).toEqual(['mangle:PREROUTING:1']);
    expect(evaluate(lab, 4, text, packet).assumed.join()).toContain('before INPUT');
  });

  it('says of a fragment that a rule with TPROXY makes the kernel wait for the rest', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const text = textOf({ family: 4, rules: ['raw PREROUTING', 'mangle PREROUTING -p tcp -j TPROXY --on-port 9'] });
    await lab.load(4, text);
    const packet = must(packetFromJson({ ...from4, proto: 'udp', fragment: true }, { link: 'eth0' }));
    expect(await met(lab, packet, 0x3201)).toEqual([]);
    expect(evaluate(lab, 4, text, packet).assumed.join()).toContain('TPROXY');
  });
});
