import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Change, unknownBy } from './change.ts';
import { addMembers, emptyDigest } from './ipset.ts';
import { attribute, netfilterRequest } from './netlink.ts';
import { createNftReader } from './nft-commits.ts';
import { createPending } from './pending.ts';
import { createPace } from './watch.ts';

const text = (type: number, value: string): Buffer => attribute(type, Buffer.from(`${value}\0`));
const number = (type: number, value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return attribute(type, bytes);
};
const NFT = 10 << 8;
const rule = (chain: string): Buffer => netfilterRequest(NFT | 6, 0, 2, [text(1, 'filter'), text(2, chain)]);
const generation = netfilterRequest(NFT | 15, 0, 0, [number(1, 7), number(2, 4711), text(3, 'nft')]);

describe('notices of nf_tables', () => {
  it('are a transaction once its number comes, in however many receives', () => {
    const reader = createNftReader();
    const first = rule('A');
    expect(reader.read(first, first.length)).toEqual([]);
    const rest = Buffer.concat([rule('B'), generation, rule('C')]);
    const beginning = { generation: 7, pid: 4711, program: 'nft', more: false };
    expect(reader.read(rest, rest.length)).toEqual([
      { ...beginning, touched: [{ family: 'ip', table: 'filter', chains: ['A', 'B'], beside: false }] },
    ]);
    expect(reader.read(generation, generation.length)).toEqual([
      { ...beginning, touched: [{ family: 'ip', table: 'filter', chains: ['C'], beside: false }] },
    ]);
  });

  it('keep a bounded number of names, and say that there are more', () => {
    const reader = createNftReader();
    for (let index = 0; index < 10_000; index += 1) {
      const each = rule(`chain ${index}`);
      reader.read(each, each.length);
    }
    const [commit] = reader.read(generation, generation.length);
    expect(commit?.more).toBe(true);
    expect(commit?.touched[0]?.chains.length).toBeLessThanOrEqual(200);
  });

  it('of any bytes are read without a fault', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, fc.constantFrom(0, 16, 20, 24), fc.nat(60), (noise, at, length) => {
        const message = Buffer.concat([rule('A'), generation]);
        message.set(noise.subarray(0, Math.max(0, message.length - at)), at);
        createNftReader().read(message, Math.max(0, message.length - length));
        const members = Buffer.from(noise.slice(0, noise.length & ~3).buffer);
        addMembers(members, { ...emptyDigest }, 1);
      }),
    );
  });
});

describe('changes that nobody has taken', () => {
  const nft = (generationNumber: number, pid: number): Change => ({
    kind: 'nft',
    at: generationNumber,
    generation: generationNumber,
    commits: 1,
    touched: [{ family: 'ip', table: 'filter', chains: [`c${generationNumber}`], beside: false }],
    more: false,
    by: {
      how: 'named',
      processes: [{ pid, program: 'nft', exe: null, command: null, uid: 0, loginUid: null, parents: [] }],
    },
  });
  const legacy = (what: 'rules' | 'appeared' | 'gone'): Change => ({
    kind: 'legacy',
    at: 1,
    family: 4,
    table: 'nat',
    what,
    by: unknownBy,
  });

  it('are joined by what they are about, and are bounded', () => {
    const pending = createPending();
    pending.add(nft(1, 11));
    pending.add(legacy('appeared'));
    for (let index = 2; index <= 1000; index += 1) pending.add(nft(index, index));
    pending.add(legacy('rules'));
    const first = pending.take();
    expect(first).toMatchObject({ kind: 'nft', at: 1000, generation: 1000, commits: 1000, more: true });
    expect(first?.kind === 'nft' ? first.by.processes.length : 0).toBe(16);
    expect(pending.take()).toMatchObject({ kind: 'legacy', what: 'appeared' });
    expect(pending.take()).toBe(undefined);
  });

  it('of thousands of sets are said as lost', () => {
    const pending = createPending();
    for (let index = 0; index < 2000; index += 1) {
      const set = { name: `s${index}`, what: 'members', expires: false } as const;
      pending.add({ kind: 'sets', at: index, sets: [set], by: unknownBy });
    }
    const left = [pending.take(), pending.take(), pending.take()];
    expect(left.map((change) => change?.kind).sort()).toEqual(['lost', 'sets', undefined]);
  });

  for (const [one, two, both] of [
    ['appeared', 'gone', 'gone'],
    ['gone', 'appeared', 'rules'],
    ['rules', 'gone', 'gone'],
    ['rules', 'rules', 'rules'],
  ] as const) {
    it(`${one} and ${two} are ${both}`, () => {
      const pending = createPending();
      pending.add(legacy(one));
      pending.add(legacy(two));
      expect(pending.take()).toMatchObject({ what: both });
    });
  }
});

describe('the time between two looks', () => {
  it('is the least where they cost little, and grows with what they cost, but not with one that was held up', () => {
    const pace = createPace(500);
    expect(pace(0.1, 1500)).toBe(500);
    const dear = createPace(500);
    for (let turn = 0; turn < 5; turn += 1) dear(7, 1500);
    expect(dear(7, 1500)).toBe(700);
    expect(dear(700, 1500)).toBe(700);
    const slow = createPace(500);
    expect(slow(40, 1500)).toBe(1320);
    expect(slow(40, 10_000)).toBe(1320);
    expect(createPace(500)(200, 1500)).toBe(1500);
    expect(createPace(500)(200, 10_000)).toBe(6600);
  });
});
