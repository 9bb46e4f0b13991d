import { expect, test } from 'vitest';
import { packetFromJson, packetToJson } from './json.ts';

const plain = { hook: 'input', src: '203.0.113.9', dst: '198.51.100.10', proto: 'tcp', dport: 22 };
const ends = { src: '203.0.113.9', dst: '198.51.100.10' };

test.each([
  [{ direction: 'back' }, 'direction'],
  [{ direction: 1 }, 'direction'],
  [{ original: { ...ends, sport: 65536 } }, 'original'],
  [{ original: { ...ends, dport: 1.5 } }, 'original'],
  [{ original: { ...ends, dport: '22' } }, 'original'],
  [{ original: { ...ends, src: '::1' } }, 'original'],
  [{ original: 'x' }, 'original'],
  [{ flags: ['SYN', 'NO', 'NEITHER', 7] }, 'flags'],
  [{ status: { ASSURED: true } }, 'status'],
  [{ tos: 256 }, 'tos'],
  [{ pktType: 'unicasts' }, 'pktType'],
  [{ uid: 0 }, 'uid'],
  [{ hook: 'output', uid: -1 }, 'uid'],
  [{ hook: 'output', uid: null, gid: 0 }, 'gid'],
  [{ hook: 'output', uid: 0, gid: null }, 'gid'],
])('%j is refused with one problem', (said, field) => {
  const read = packetFromJson({ ...plain, ...said }, { link: 'eth0' });
  expect(read.ok ? [] : read.problems.map(({ message }) => message)).toEqual([`the packet's ${field} cannot be read`]);
});

test.each([
  [{ direction: 'reply', original: { ...ends, sport: 40000, dport: 22 } }],
  [{ direction: null, original: null }],
  [{ original: { ...ends, sport: null } }],
  [{ tos: 255, pktType: 'broadcast' }],
  [{ hook: 'output', uid: 0, gid: 4294967294 }],
  [{ hook: 'output', uid: null }],
  [{ hook: 'output', uid: 4294967295 }],
  [{ hook: 'output', gid: null }],
])('%j is read and written', (said) => {
  const read = packetFromJson({ ...plain, ...said }, { link: 'eth0' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const again = packetFromJson(packetToJson(read.value), { link: null });
  expect(again).toEqual(read);
});
