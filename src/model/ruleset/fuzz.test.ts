import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { rulesetHolds } from '../../../test/fuzz/promises.ts';
import { assembled, oddities, operations, ordinary, pools, shapes, texts } from '../../../test/fuzz/ruleset-texts.ts';
import { isWhole } from '../../../test/slice.ts';
import type { Family } from '../net/index.ts';
import { parseRuleset } from './index.ts';

/**
 * What real firewalls hold, cut up and put together wrongly: the parser must neither throw nor hang, must say where in
 * the file it is stuck, and what it accepts must stay what it is when printed and read again. `npm run fuzz` does the same
 * a million times.
 */
type Edit = readonly [op: number, at: number, what: number];

const mutants = fc
  .tuple(
    fc.constantFrom(...[...pools.keys()].sort()),
    fc.array(fc.nat(), { maxLength: 6 }),
    fc.array(fc.tuple(fc.nat({ max: operations.length - 1 }), fc.nat(), fc.nat()), { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([pool, picked, edits, said]) => ({
    text: edits.reduce<string>(
      (text, [op, at, what]: Edit) => (operations[op] ?? String)(text, at, what),
      assembled(pool, picked),
    ),
    family: said ? (Number(pool[0]) as Family) : undefined,
  }));

describe('the parser on broken input', () => {
  it('neither throws nor loses anything: mutants of real rules', { timeout: 300_000 }, () => {
    let accepted = 0;
    let refused = 0;
    const property = fc.property(mutants, ({ text, family }) => {
      if (rulesetHolds(text, family)) accepted += 1;
      else refused += 1;
    });
    fc.assert(property, { seed: 20_260_101, numRuns: isWhole ? 20_000 : 8000 });
    // Neither all garbage nor all fine, or the test would say little.
    expect(accepted).toBeGreaterThan(800);
    expect(refused).toBeGreaterThan(800);
  });

  it('neither throws nor loses anything: noise of the characters that mean something', { timeout: 120_000 }, () => {
    const noise = fc
      .array(fc.constantFrom(...oddities, ...'AINPUT-jmp :*[]0"\\ \n!'), { maxLength: 40 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(noise, fc.boolean(), (text, framed) => {
        rulesetHolds(framed ? `*filter\n:INPUT ACCEPT [0:0]\n${text}\nCOMMIT\n` : text, 4);
      }),
      { seed: 20_260_102, numRuns: 5000 },
    );
  });

  it('refuses every truncation of a file inside a table, at its end', () => {
    const text = texts.find((one) => one.length > 1500 && one.length < 3000 && one.includes('COMMIT\n*')) ?? texts[0] ?? '';
    expect(text.length).toBeGreaterThan(1000);
    for (let length = 0; length < text.length; length += 1) {
      const cut = text.slice(0, length);
      const whole = cut.lastIndexOf('\n*') <= cut.lastIndexOf('\nCOMMIT');
      const accepted = rulesetHolds(cut, 4);
      if (!whole) expect(accepted, `cut at ${length}`).toBe(false);
    }
  });

  // The floor is 1 MB of what real firewalls hold, read in the same run by the same means.
  let floorMs = 0;
  beforeAll(async () => {
    const text = ordinary();
    const parsed = parseRuleset(text, { file: 'F', family: 4 });
    expect(parsed.ok && parsed.value.tables[0]?.rules.length).toBeGreaterThan(5000);
    floorMs = (await timed(text, 60_000)) ?? Number.NaN;
  }, 120_000);

  it.each(Object.entries(shapes))('does not hang on 1 MB of %s', { timeout: 120_000 }, async (_, make) => {
    const limitMs = 4 * floorMs + 1000;
    expect(
      await timed(make(), limitMs),
      `done within ${Math.round(limitMs)} ms, the floor being ${Math.round(floorMs)} ms`,
    ).not.toBeNull();
  });
});

/** Milliseconds that the parser needs, on a thread of its own that can be stopped; `null` if it was. */
async function timed(text: string, limitMs: number): Promise<number | null> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.parser).then(({ parseRuleset }) => {
      parentPort.postMessage('ready');
      parentPort.once('message', (text) => {
        const from = performance.now();
        parseRuleset(text, { file: 'F', family: 4 });
        parentPort.postMessage(performance.now() - from);
      });
    });`;
  const worker = new Worker(code, { eval: true, workerData: { parser: new URL('./index.ts', import.meta.url).href } });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message: 'ready' | number) => {
        if (message !== 'ready') return resolve(message);
        timer = setTimeout(() => resolve(null), limitMs);
        worker.postMessage(text);
      });
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
