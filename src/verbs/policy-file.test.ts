import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { digestOfTexts, policyOf, readPolicyFile } from './policy-file.ts';
import type { Context } from './verb.ts';

test('a folder of files is one policy, in the order of their names, with its lists beside them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-policy-'));
  try {
    const context = (policyFile: string) => ({ clock: systemClock, policyFile, progress: () => undefined }) as unknown as Context;
    const place = join(folder, 'policy.d');
    mkdirSync(place);
    expect(await readPolicyFile(context(place))).toMatchObject({ ok: false, problems: [{ code: 'file-missing' }] });
    writeFileSync(join(place, '20-web.yaml'), 'palisade: 1\nincoming:\n  - { allow: http }\n');
    writeFileSync(
      join(place, '10-admin.yml'),
      'palisade: 1\nsets: { admins: { file: admins.txt } }\nincoming:\n  - { allow: ssh, from: admins }\n',
    );
    writeFileSync(join(place, 'admins.txt'), '192.0.2.1\n');
    writeFileSync(join(place, '.30-hidden.yaml'), 'nonsense: 7\n');
    writeFileSync(join(place, 'notes.md'), '# not a policy\n');
    const read = await readPolicyFile(context(place));
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { policy, source } = read.value;
    expect(policy.incoming.map(({ at }) => at)).toMatchObject([
      { file: join(place, '10-admin.yml') },
      { file: join(place, '20-web.yaml') },
    ]);
    expect(policy.sets.get('admins')?.members[4]).toEqual([[0xc0000201n, 0xc0000201n]]);
    expect(source.files).toEqual([{ path: join(place, 'admins.txt'), text: '192.0.2.1\n' }]);
    // From the texts alone the same comes, as of a plan that was kept.
    expect(policyOf(source, 0)).toEqual({ ok: true, value: policy });
    const before = digestOfTexts(source.texts);
    writeFileSync(join(place, '20-web.yaml'), 'palisade: 1\nincoming:\n  - { allow: https }\n');
    const again = await readPolicyFile(context(place));
    expect(again.ok && digestOfTexts(again.value.source.texts)).not.toBe(before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
