import { expect, it } from 'vitest';
import type { Packet } from '../model/packet/index.ts';
import { createKernel, rehearse } from './index.ts';
import { base } from './joined.fixture.ts';

const rules = 30;
const text = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
${'-A INPUT -p tcp\n'.repeat(rules)}COMMIT
`;
const expected = [...Array.from({ length: rules }, (_, index) => index + 1), 'policy'];

it.each(['nft', 'legacy'] as const)('every packet of a volley tells each rule that it met, however many: %s', async (backend) => {
  const rehearsed = await rehearse(createKernel(), {
    backend,
    packets: true,
    rulesets: { 4: text },
    links: [{ name: 'eth0' }],
    addresses: [{ link: 'eth0', address: '198.51.100.1/24' }],
    routes: [{ to: 'default', link: 'eth0' }],
  });
  if (!rehearsed.ok) throw new Error(JSON.stringify(rehearsed.problems));
  await using rehearsal = rehearsed.value;
  const packets = Array.from({ length: 300 }, (_, index): Packet => ({ ...base, in: 'eth0', out: null, sport: 20_000 + index }));
  const sent = await rehearsal.send(packets, { rules: true });
  if (!sent.ok) throw new Error(JSON.stringify(sent.problems));
  expect(sent.value.map((one) => (one.kind === 'seen' ? one.rules.map(({ rule }) => rule) : one.why))).toEqual(
    packets.map(() => expected),
  );
});
