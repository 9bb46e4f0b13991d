import { expect, test } from 'vitest';
import { atMost, readBy } from './reading.ts';
import { createRun, type Run } from './run.ts';

test('what is read gently runs below the priority of other work, with all its children', async () => {
  const argv = ['sh', '-c', 'sleep 0.2; nice'] as const;
  const [own, gentle] = await Promise.all([readBy(createRun(), { argv }), readBy(createRun(), { argv, gentle: true })]);
  if (!own.read || !gentle.read) throw new Error('sh did not run');
  expect(Number(gentle.text)).toBeGreaterThanOrEqual(10);
  expect(Number(own.text)).toBeLessThanOrEqual(Number(gentle.text));
});

test('so many programs at once and no more; each gets its turn, also behind one that fails', async () => {
  let running = 0;
  let most = 0;
  const done: string[] = [];
  const slow: Run = async ({ argv: [tool] }) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    done.push(tool);
    if (tool === 'c') throw new Error('a bug');
    return { kind: 'missing', tool };
  };
  const run = atMost(2, slow);
  const results = await Promise.allSettled([...'abcdefg'].map((tool) => run({ argv: [tool] })));
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, true, true, true]);
  expect([most, running, [...done].sort().join('')]).toEqual([2, 0, 'abcdefg']);
});
