import { describe, expect, it } from 'vitest';
import { createPace } from './nflog-pace.ts';

/** What is told when so many packets come in each millisecond, for so long. */
function told(...phases: readonly (readonly [perMs: number, forMs: number])[]): number[] {
  const pace = createPace(0);
  const all: number[] = [];
  let [now, packets] = [0, 0];
  for (const [perMs, forMs] of phases) {
    for (const end = now + forMs; now < end; now += 1) {
      packets += perMs;
      const wanted = perMs > 0 ? pace(Math.floor(packets), now) : null;
      if (wanted !== null) all.push(wanted.most);
    }
  }
  return all;
}

describe('how many packets come together', () => {
  it('is one while they are few', () => {
    expect(told([0.1, 1000], [2, 1000], [7, 1000], [0, 5000], [0.01, 1000])).toEqual([]);
  });

  it('is as many as come in half a millisecond of a flood, and one again behind it', () => {
    expect(told([0.5, 500], [20, 1000], [0.5, 500])).toEqual([10, 1]);
    const [first, ...others] = told([200, 1000], [0, 3000], [0.01, 500]);
    // Its very first moment is not a whole one.
    expect([Math.abs((first ?? 0) - 100) < 20, others]).toEqual([true, [1]]);
    expect(told([5000, 500])).toEqual([200]);
  });
});
