import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { machine, policy } from './playing.ts';

/** A slice of `npm run soak -- ansible`: what changes nothing. */
it.skipIf(spawnSync('ansible', ['--version']).status !== 0)(
  'in check mode the Ansible module says what would change, and fails with what palisade says of a bad policy',
  { timeout: 60_000 },
  async () => {
    await using there = await machine();
    const checked = await there.task({ content: policy }, '--check', '--diff');
    expect(checked).toMatchObject({ status: 0, changed: true, rules_changed: true });
    expect(checked.said).toMatch(/^\+ {2}- \{ allow: ssh[\s\S]*^\+\*filter -A PAL-IN -s 192\.0\.2\.7\/32/m);
    expect(await there.task({ content: policy.replace('ssh', 'shs') })).toMatchObject({
      status: 2,
      msg: '-:4:14: "shs" is no service; did you mean "ssh"?',
    });
    expect(existsSync(there.path)).toBe(false);
    expect(await there.rules()).toBe('');
  },
);
