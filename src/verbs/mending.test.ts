import { expect, it } from 'vitest';
import { exampleHost } from '../audit/example-host.ts';
import { filter } from '../audit/examples.ts';
import { audit } from '../audit/index.ts';
import { mending, mendingsOf } from './mending.ts';

it('says of each fix what it opens, with a packet and in words', async () => {
  const host = exampleHost({ v4: filter(['-A INPUT -i lo -j ACCEPT'], { INPUT: 'DROP' }) });
  const { findings } = audit(host);
  const done = await mendingsOf(host, findings);
  expect([...done.keys()]).toEqual(findings);
  for (const one of done.values()) expect(mending.parse(one)).toEqual(one);
  const replies = findings.find(({ id }) => id === 'FW-BASE-05');
  expect(replies && done.get(replies)).toMatchObject({
    kind: 'mended',
    mends: true,
    allows: [{ packet: { state: 'ESTABLISHED' }, said: expect.stringContaining('a running connection') }, ...Array(0)],
    blocks: [],
    cuts: [],
  });
});
