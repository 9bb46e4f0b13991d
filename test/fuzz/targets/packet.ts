import { packetFromJson, packetToJson } from '../../../src/model/packet/json.ts';
import { changedJson, largeJson } from '../json-text.ts';
import { problemsHold, promise } from '../promises.ts';
import type { Target } from '../target.ts';

const examples = [
  { hook: 'input', src: '203.0.113.9', dst: '198.51.100.10', proto: 'tcp', dport: 22 },
  {
    ...{
      hook: 'forward',
      in: 'eth0',
      out: 'eth1',
      src: '203.0.113.9',
      dst: '198.51.100.10',
      proto: 'tcp',
      sport: 40000,
      dport: 22,
    },
    ...{
      flags: ['SYN', 'ACK'],
      state: 'ESTABLISHED',
      status: ['ASSURED'],
      direction: 'original',
      mark: 1,
      connmark: 2,
      length: 60,
      ttl: 64,
    },
    original: { src: '203.0.113.9', dst: '198.51.100.10', sport: 40000, dport: 22 },
  },
  {
    hook: 'output',
    src: '2001:db8::1',
    dst: '2001:db8::2',
    proto: 'icmpv6',
    icmpType: 128,
    icmpCode: 0,
    fragment: false,
    mac: null,
  },
  { hook: 'input', src: '10.0.0.1', dst: '10.0.0.2', proto: 'udp', fragment: true, mac: '02:00:00:00:00:01', state: 'UNTRACKED' },
] as const;

/** A line of a packets file. */
export const packet: Target<string> = {
  name: 'packets JSON',
  make: (random) => changedJson(random.pick(examples), random),
  makeLarge: (random) => largeJson(random.pick(examples), random),
  check(text) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError) return false;
      throw error;
    }
    const read = packetFromJson(value, { link: 'eth0' });
    if (!read.ok) {
      problemsHold(read.problems, text);
      return false;
    }
    const { original } = read.value;
    for (const port of [original?.sport ?? 0, original?.dport ?? 0])
      promise(Number.isInteger(port) && port >= 0 && port <= 65535, `${port} is a port`);
    const json = packetToJson(read.value);
    const again = packetFromJson(JSON.parse(JSON.stringify(json)), { link: null });
    if (!again.ok) throw new Error(`written, it does not read: ${JSON.stringify(again.problems)} ${JSON.stringify(json)}`);
    promise(JSON.stringify(packetToJson(again.value)) === JSON.stringify(json), 'writing twice gives the same');
    return true;
  },
};
