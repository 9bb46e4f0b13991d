import { expect, it, vi } from 'vitest';
import type { Change } from '../../kernel/index.ts';
import { defaultSettings } from '../config/index.ts';
import type { Context } from '../verb.ts';
import type { Onlooked } from './onlooking.ts';
import { type Noticed, watchDrift } from './watching.ts';

type Seen = Extract<Onlooked, { kind: 'seen' }>;

const seen = (digest: string | null, more: Partial<Seen> = {}, unknown: Seen['found']['unknown'] = []): Onlooked => ({
  kind: 'seen',
  accepted: null,
  found: { unknown } as unknown as Seen['found'],
  digest,
  snapshot: null,
  repaired: null,
  ...more,
});

/** What is noticed of looks that see these things, one after the other (`dies`: whoever looks is killed), until `enough` is said. */
async function noticed(
  looks: readonly (Onlooked | 'dies')[],
  changes: readonly Change[],
  enough: Noticed['kind'],
): Promise<Noticed[]> {
  const stop = new AbortController();
  const left = [...looks];
  const asked: unknown[] = [];
  const context = {
    signal: stop.signal,
    settings: defaultSettings,
    stateFolder: '/nowhere/palisade',
    policyFile: '/nowhere/policy.yaml',
    env: {},
    clock: { now: () => 0 },
    kernel: {
      changes: async () => ({
        problems: [],
        async *[Symbol.asyncIterator]() {
          yield* changes;
          await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
        },
      }),
      run: async ({ input }: { input: Buffer }) => {
        asked.push(JSON.parse(String(input)));
        const look = left.shift() ?? seen(null);
        if (look === 'dies') return { kind: 'signalled', signal: 'SIGKILL', stdout: '', stderr: '' };
        return { kind: 'exited', status: 0, stdout: Buffer.from(JSON.stringify(look)).toString('latin1'), stderr: '' };
      },
    },
  } as unknown as Context;
  const all: Noticed[] = [];
  for await (const one of watchDrift(context, { repair: false, removeForeign: false })) {
    if (one.kind !== 'changed' && one.kind !== 'looked') all.push(one);
    if (one.kind === enough && all.length > 1) break;
  }
  stop.abort();
  return all;
}

const change: Change = { kind: 'lost', at: 0, of: 'nft' };

vi.setConfig({ testTimeout: 20_000 });

it('a look that died is made again, though nothing more changes', async () => {
  const all = await noticed([seen(null), 'dies', seen('one')], [change], 'drifted');
  expect(all.map(({ kind }) => kind)).toEqual(['watching', 'failed', 'drifted']);
});

it('what can no longer be compared, or is no longer watched, is said, and has not settled by that', async () => {
  const unknown = [{ what: 'the IPv4 rules now', why: 'they are hidden', remedy: 'look' }];
  const problem = { code: 'unread', message: 'nobody looks at the ipsets any more', hint: 'start again' } as const;
  const unwatched: Change = { kind: 'unwatched', at: 0, of: 'sets', problem };
  const all = await noticed([seen('one'), seen(null, {}, unknown), seen(null)], [change, unwatched], 'failed');
  expect(all.map(({ kind }) => kind)).toEqual(['watching', 'drifted', 'failed']);
  expect(all.at(-1)).toMatchObject({ problems: [problem] });
  const settled = await noticed([seen('one'), seen(null, {}, unknown), 'dies', seen(null)], [change], 'failed');
  expect(settled.map(({ kind }) => kind)).toEqual(['watching', 'drifted', 'failed']);
  expect(settled.at(-1)).toMatchObject({ problems: [{ message: expect.stringContaining('they are hidden') }] });
});
