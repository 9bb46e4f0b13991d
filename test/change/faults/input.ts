import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../changing.fixture.ts';
import { judge, policies, settled } from './judge.ts';
import type { Trials } from './trial.ts';

/** Policies of which nothing may come, how palisade ends, and what it must say. */
const bad: readonly { readonly does: string; readonly policy: string; readonly exit: 2 | 4; readonly says: RegExp }[] = [
  {
    does: 'a policy names a service that nobody knows',
    policy: 'palisade: 1\nincoming:\n  - { allow: ssh }\n  - { allow: htps }\n',
    exit: 2,
    says: /policy-\d+\.yaml:4:\d+: .*htps/,
  },
  {
    does: 'a policy names a set that is not there',
    policy: 'palisade: 1\nincoming:\n  - { allow: ssh, from: admins }\n',
    exit: 2,
    says: /policy-\d+\.yaml:3:\d+: .*admins/,
  },
  {
    does: 'a policy has a word that means nothing',
    policy: 'palisade: 1\nincomming:\n  - { allow: ssh }\n',
    exit: 2,
    says: /policy-\d+\.yaml:2:\d+: .*incom/,
  },
  {
    does: 'a set’s file holds a line that is no address',
    policy: 'palisade: 1\nsets: { partners: { file: partners.txt } }\nincoming:\n  - { allow: ssh, from: partners }\n',
    exit: 2,
    says: /partners\.txt:3(:\d+)?: /,
  },
  {
    does: 'a set’s file is not there',
    policy: 'palisade: 1\nsets: { partners: { file: nowhere.txt } }\nincoming:\n  - { allow: ssh, from: partners }\n',
    exit: 2,
    says: /nowhere\.txt/,
  },
  {
    does: 'a policy contradicts its own tests',
    policy: 'palisade: 1\nincoming:\n  - { allow: ssh }\n  - { deny: http }\ntests:\n  - can: { reach: http }\n',
    exit: 4,
    says: /a test of the policy fails/,
  },
];

async function refused(backend: Backend, { policy, exit, says }: (typeof bad)[number]): Promise<readonly string[]> {
  await using place = await settled(backend);
  writeFileSync(join(place.folder, 'partners.txt'), '192.0.2.0/24\n# a note\n192.0.2.300\n');
  const said = await place.run('apply', { policy });
  const wrong = said.exit === exit && says.test(said.text) ? [] : [`it ended with ${said.exit}: ${said.text}`];
  // Nothing is left of it that would be in the way of the next.
  const next = await place.run('apply', { policy: policies.old });
  if (!next.text.includes('nothing')) wrong.push(`the old policy again: ${next.exit} ${next.text}`);
  return [...wrong, ...(await judge(place, { is: 'old' }))];
}

/** Input that cannot be, or that must not become the firewall: said with its place, and nothing is changed. Locking out: see sessions.ts. */
export const input: Trials = (backend) =>
  bad.map((one, index) => ({ does: one.does, quick: index === 3 && backend === 'legacy', judge: () => refused(backend, one) }));
