import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createKernel } from '../../kernel/index.ts';
import { textsWith } from '../snapshots/made.fixture.ts';
import { rehearseWay } from './rehearsal.ts';
import { type HostState, hostState } from './state.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-lists-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function stateOf(ipsets: string, asks: string): HostState {
  const nftSave4 = `*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[0:0] -A INPUT -m set --match-set ${asks} -j ACCEPT\nCOMMIT\n`;
  const state = hostState({ texts: textsWith({ nftSave4, ipsets }), recent: {} }, 'a test');
  if (!state.ok) throw new Error(state.problems[0]?.message);
  return state.value;
}

const hash = (name: string, type: string): string =>
  `create ${name} ${type} family inet hashsize 1024 maxelem 65536 bucketsize 12\n`;

it('what was in a list becomes a set of another type, and the list one of addresses, there and back', async () => {
  const from = stateOf(
    `${hash('one', 'hash:ip')}${hash('two', 'hash:ip')}create all list:set size 8\nadd one 192.0.2.1\nadd all one\nadd all two\n`,
    'all src',
  );
  const to = stateOf(
    `${hash('one', 'hash:net,port')}${hash('all', 'hash:ip')}add one 192.0.2.0/24,tcp:5\nadd all 192.0.2.7\n`,
    'one src,dst',
  );
  const order = [{ backend: 'nft', family: 4, table: 'filter' }] as const;
  expect(await rehearseWay(createKernel(), join(folder, 'way'), { from, to, order })).toEqual({ ok: true, value: undefined });
});
