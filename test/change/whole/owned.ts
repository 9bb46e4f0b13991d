import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../../../src/change/index.ts';
import { type Backend, tool } from '../changing.fixture.ts';
import { policies } from '../faults/judge.ts';
import { makePlace, type Place } from '../faults/place.ts';
import type { Trial } from '../faults/trial.ts';
import { seen, unlike } from './seen.ts';

/**
 * Snapshots from before palisade, under one policy and under another, are put back: what palisade then knows of itself is what the
 * snapshot shows.
 */
async function known(backend: Backend): Promise<readonly string[]> {
  await using place = await makePlace(backend);
  const wrong: string[] = [];
  const did = async (what: string, said: Promise<{ readonly exit: number; readonly text: string }>): Promise<string> => {
    const { exit, text } = await said;
    if (exit !== 0) wrong.push(`${what}: ${exit} ${text}`);
    return text;
  };
  const create = (tag: string) => did(`create ${tag}`, place.run('backup', { input: { what: 'create', names: [], tag } }));
  const restore = (tag: string, more = {}) =>
    did(`restore ${tag}`, place.run('backup', { input: { what: 'restore', names: [tag], ...more } }));
  await create('none');
  const none = await seen(place.ns);
  await did('the old policy', place.run('apply', { policy: policies.old }));
  await create('old');
  const old = await seen(place.ns);
  await did('the new policy', place.run('apply', { policy: policies.now }));
  const confirmed = (): string | null => textOf(place, 'confirmed.json');
  const now = confirmed();

  await restore('old');
  wrong.push(...unlike(old, await seen(place.ns), null).map((one) => `old: ${one}`));
  if (confirmed() === now) wrong.push('the record is still that of the new policy');
  if (!/as the policy says/.test(await did('the old policy again', place.run('apply', { policy: policies.old }))))
    wrong.push('palisade does not know that the host is as the old policy says');
  // What was there before the restore can be gone back to.
  await did('rollback', place.run('rollback'));
  if (readRecord(join(place.state, 'confirmed.json'))?.families[4].length === 0) wrong.push('rollback leaves nothing');
  if (!/as the policy says/.test(await did('the new policy again', place.run('apply', { policy: policies.now }))))
    wrong.push('rollback did not go back to the new policy');

  // Only palisade's own: a rule that somebody added meanwhile stays.
  await tool(place.ns, [`iptables-${backend}`, '-w', '5', '-I', 'f2b-sshd', '1', '-s', '203.0.113.9', '-j', 'DROP']);
  await restore('old', { only: 'own' });
  const own = await seen(place.ns, { counters: false });
  if (!own.rules.includes('-A f2b-sshd -s 203.0.113.9/32 -j DROP')) wrong.push('--only own took somebody else’s rule away');
  if (!/as the policy says/.test(await did('the old policy once more', place.run('apply', { policy: policies.old }))))
    wrong.push('--only own did not bring the old policy');

  await restore('none');
  wrong.push(...unlike(none, await seen(place.ns), null).map((one) => `none: ${one}`));
  for (const file of ['confirmed.json', 'previous.json', 'history', 'origin.json', 'pending.json', 'boot'])
    if (existsSync(join(place.state, file))) wrong.push(`${file} is still there`);
  for (const file of ['backups', 'journal.jsonl']) if (!existsSync(join(place.state, file))) wrong.push(`${file} is gone`);
  const said = await place.run('backup', { input: { what: 'restore', names: ['none'], only: 'own' } });
  if (said.exit !== 4 || !/nothing of palisade’s/.test(said.text)) wrong.push(`nothing of ours: ${said.exit} ${said.text}`);
  const words = (textOf(place, 'journal.jsonl') ?? '').split('\n').flatMap((line) => /"what":"(\w+)"/.exec(line)?.[1] ?? []);
  if (words.filter((word) => word === 'restored').length !== 2) wrong.push(`the journal says ${words.join(', ')}`);
  return wrong;
}

function textOf({ state }: Place, name: string): string | null {
  const file = join(state, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** What palisade knows of itself goes along with the host. */
export function ownedTrials(backend: Backend): readonly Trial[] {
  return [{ does: 'snapshots from before palisade and under two policies', judge: () => known(backend) }];
}
