import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemLine } from '../result.ts';
import { isRootsAlone, readAccepted } from './accepted.ts';

const entry = (more = ''): string => `accepted:
  - check: FW-BASE-03
    owner: Ada
    reason: it is a proxy
    expires: 2027-06-30
${more}`;

async function problems(text: string): Promise<readonly string[]> {
  const read = await readAccepted(text, 'a.yaml');
  return read.ok ? [] : read.problems.map(problemLine);
}

describe('a file of accepted risks', () => {
  it('is read, each entry with its place', async () => {
    const read = await readAccepted(
      entry("    where: { family: 4, chain: OUTPUT, port: 443/tcp, finding: '0123456789abcdef' }\n"),
      'a.yaml',
    );
    expect(read).toEqual({
      ok: true,
      value: [
        {
          check: 'FW-BASE-03',
          owner: 'Ada',
          reason: 'it is a proxy',
          expires: '2027-06-30',
          where: { family: 4, chain: 'OUTPUT', port: '443/tcp', finding: '0123456789abcdef' },
          at: { file: 'a.yaml', line: 2, column: 5 },
        },
      ],
    });
  });

  it('may say nothing', async () => {
    expect(await readAccepted('# none\n', 'a.yaml')).toEqual({ ok: true, value: [] });
    expect(await readAccepted('accepted: []\n', 'a.yaml')).toEqual({ ok: true, value: [] });
  });

  it.each([
    [
      'a check that there is not',
      entry().replace('FW-BASE-03', 'FW-BASE-33'),
      'a.yaml:2:12: there is no check "FW-BASE-33"; did you mean FW-BASE-03?',
    ],
    [
      'a word that there is not',
      entry('    expire: 2027-01-01\n'),
      'a.yaml:6:5: there is no "expire" here; did you mean "expires"?',
    ],
    [
      'a place that there is not',
      entry('    where: { chian: INPUT }\n'),
      'a.yaml:6:14: there is no "chian" here; did you mean "chain"?',
    ],
    [
      'no owner',
      entry().replace('    owner: Ada\n', ''),
      'a.yaml:2:5: "owner" is missing; say it: an accepted risk has a check, an owner, a reason and an expiry',
    ],
    [
      'an empty reason',
      entry().replace('it is a proxy', "''"),
      'a.yaml:4:13: "reason" has a value that it cannot have; write a text',
    ],
    [
      'a day that is none',
      entry().replace('2027-06-30', '2027-02-30'),
      'a.yaml:5:14: "expires" has a value that it cannot have; write a day as YYYY-MM-DD',
    ],
    [
      'an expiry that is no day',
      entry().replace('2027-06-30', 'never'),
      'a.yaml:5:14: "expires" has a value that it cannot have; write a day as YYYY-MM-DD',
    ],
    [
      'a port alone',
      entry('    where: { port: 443 }\n'),
      'a.yaml:6:20: "port" has a value that it cannot have; write a port and its protocol, such as 8443/tcp',
    ],
    [
      'a fingerprint that YAML takes for a number',
      entry('    where: { finding: 1234567812345678 }\n'),
      'a.yaml:6:23: "finding" has a value that it cannot have; write the fingerprint that a report shows, in quotes',
    ],
    ['no list', 'accepted: yes\n', 'a.yaml:1:11: "accepted" has a value that it cannot have; write a list of entries'],
    [
      'a list alone',
      '- check: FW-BASE-03\n',
      'a.yaml:1:1: this is no entry of accepted risks; write "accepted:" and below it one entry each, with check, owner, reason and expires',
    ],
    ['the same word twice', entry('    owner: Grace\n'), 'a.yaml:6:5: Map keys must be unique; mend the YAML'],
    [
      'broken YAML',
      'accepted: [\n',
      'a.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]; mend the YAML',
    ],
    ['what the parser only warns of', 'accepted: !odd []\n', 'a.yaml:1:11: Unresolved tag: !odd; mend the YAML'],
  ])('is refused for %s', async (_, text, says) => {
    expect((await problems(text))[0]).toBe(says);
  });
});

describe('aliases', () => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe'])
    laughs.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]`);
  it.each([
    ['that lead nowhere', 'accepted: *x\n', 'a.yaml:1:11'],
    ['of aliases without end', `${laughs.join('\n')}\naccepted: *f\n`, 'a.yaml:2:8'],
  ])('%s are a fault of the file', async (_, text, place) => {
    expect(await problems(text)).toEqual([`${place}: its aliases cannot be followed; write the values out instead of *NAME`]);
  });
});

/** A namespace of one user has no other. */
const manyUsers = Number(/(\d+)\s*$/.exec(readFileSync('/proc/self/uid_map', 'latin1'))?.[1]) > 1000;

it.runIf(process.geteuid?.() === 0)("the host's own file is root's alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-accepted-'));
  const file = join(folder, 'accepted.yaml');
  writeFileSync(file, entry());
  chmodSync(file, 0o644);
  expect(await isRootsAlone(file)).toMatchObject({ ok: true });
  for (const mode of [0o664, 0o646]) {
    chmodSync(file, mode);
    expect(await isRootsAlone(file)).toMatchObject({ ok: false, problems: [{ code: 'accepted-invalid', at: { file } }] });
  }
  chmodSync(file, 0o644);
  if (manyUsers) chownSync(file, 1000, 1000);
  expect(await isRootsAlone(file)).toMatchObject({ ok: !manyUsers });
  rmSync(folder, { recursive: true });
});
