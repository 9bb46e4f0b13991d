import { expect, it } from 'vitest';
import { filterTable, momentWith } from '../../change/drift/moment.fixture.ts';
import { driftBetween } from '../../change/index.ts';
import { createKernel, type RunRequest } from '../../kernel/index.ts';
import { comparedAside } from './aside.ts';

const rules = Array.from({ length: 400 }, (_, index) => `-A INPUT -s 10.0.${index >> 8}.${index & 255}/32 -p tcp -j ACCEPT`);
const momentOf = (more: readonly string[]) => momentWith({ nftSave4: filterTable([...more, ...rules], { INPUT: 'DROP' }) });
const strange = [
  { family: 4, table: 'filter', chain: 'INPUT', rule: 1 },
  { family: 4, table: 'filter', chain: 'INPUT', rule: 2 },
] as const;

it('many rules are compared by a program of its own, which says what this one would', async () => {
  const [was, is] = [momentOf([]), momentOf(['-A INPUT -s 10.0.0.1/32 -p tcp -j ACCEPT', '-A INPUT -p udp -j ACCEPT'])];
  const question = { before: driftBetween(was, is, null).undone(), now: is.host, families: [4], most: 3, strange } as const;
  const kernel = createKernel();
  const { signal } = new AbortController();
  const asked: RunRequest[] = [];
  const run: typeof kernel.run = (request) => {
    asked.push(request);
    return kernel.run(request);
  };
  expect(await comparedAside({ kernel: { ...kernel, run }, signal }, question)).toMatchObject({
    packets: [{ family: 4, ways: [{ hook: 'input', equal: false }, { equal: true }, { equal: true }] }],
    says: [expect.stringMatching(/^IPv4 INPUT: now accepted: udp; such as/)],
    // The first lets nobody in who was kept out.
    admitting: [strange[1]],
  });
  expect(asked).toHaveLength(1);
  const slow: typeof kernel.run = ({ argv: [tool] }) => Promise.resolve({ kind: 'timeout', tool, timeoutMs: 1 });
  expect(await comparedAside({ kernel: { ...kernel, run: slow }, signal }, question)).toMatchObject({
    packets: [{ undecided: 'it takes longer than 20 seconds' }],
    admitting: null,
  });
});
