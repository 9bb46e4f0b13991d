import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guide, hardened4, hardened6, oneLink } from '../src/audit/examples.ts';

/** The whole program as a user runs it: where reports go, and what the exit code says. */
const launcher = join(import.meta.dirname, '../bin/palisade');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'palisade-reports-'));
  writeFileSync(join(folder, 'guide.v4'), guide);
  writeFileSync(join(folder, 'hard.v4'), hardened4);
  writeFileSync(join(folder, 'hard.v6'), hardened6);
  writeFileSync(join(folder, 'facts.json'), JSON.stringify({ ...oneLink, listeners: [] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const printed = new Map<string, ReturnType<typeof run>>();

/** Each command once, unless it writes a file. */
function audit(v4: string, ...args: string[]): ReturnType<typeof run> {
  if (args.includes('--output')) return run(v4, args);
  const key = [v4, ...args].join(' ');
  const before = printed.get(key) ?? run(v4, args);
  printed.set(key, before);
  return before;
}

function run(v4: string, args: readonly string[]) {
  const given = ['--ruleset', `4:${v4}`, '--ruleset', '6:hard.v6', '--facts', 'facts.json', ...args];
  const { status, stdout, stderr } = spawnSync(launcher, ['audit', ...given], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
  });
  return { status, stdout, stderr };
}

const written = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('--format', () => {
  const openings = {
    sarif: '{\n  "$schema"',
    junit: '<?xml',
    html: '<!doctype html>',
    markdown: '# Firewall audit of example',
    csv: 'status,id,severity',
    json: '{"host":"example"',
    text: 'example: ',
  };
  test.each(Object.entries(openings))('%s goes to standard output, with the exit code of the findings', (format, opening) => {
    const { status, stdout, stderr } = audit('guide.v4', '--format', format);
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout.slice(0, opening.length)).toBe(opening);
  });

  test('json is what --json prints, but for the time', () => {
    const timeless = (text: string) => text.replace(/"readAt":("[^"]*"|[\d.]+)/g, '');
    expect(timeless(audit('guide.v4', '--format', 'json').stdout)).toBe(timeless(audit('guide.v4', '--json').stdout));
    expect(audit('guide.v4', '--json', '--format', 'json').status).toBe(1);
  });

  test('says the SHA-256 of each text as sha256sum would', () => {
    const { evidence } = JSON.parse(audit('guide.v4', '--json').stdout) as { evidence: { rulesets: { sha256: string }[] } };
    const sums = [guide, hardened6].map((text) => createHash('sha256').update(text).digest('hex'));
    expect(evidence.rulesets.map(({ sha256 }) => sha256)).toEqual(sums);
  });

  test('and --json cannot say different things', () => {
    expect(audit('guide.v4', '--json', '--format', 'sarif')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'palisade: --json is --format json, and not sarif; leave one of them out\n',
    });
  });
});

describe('--output', () => {
  test('has the report, for its owner alone, and the terminal has the text', () => {
    const { status, stdout } = audit('guide.v4', '--format', 'sarif', '--output', 'audit.sarif');
    expect(status).toBe(1);
    expect(stdout).toContain('FW-BASE-04');
    expect(JSON.parse(written('audit.sarif'))).toMatchObject({ version: '2.1.0' });
    expect(statSync(join(folder, 'audit.sarif')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('takes the place of an older report, and leaves it whole where it cannot', () => {
    writeFileSync(join(folder, 'old.html'), 'old');
    expect(audit('hard.v4', '--fail-on', 'high', '--format', 'html', '--output', 'old.html').status).toBe(3);
    expect(written('old.html')).toContain('<!doctype html>');
    const { status, stderr } = audit('hard.v4', '--format', 'html', '--output', 'no/such/folder.html');
    expect([status, stderr]).toEqual([
      2,
      'no/such/folder.html: there is no such folder; name a file that can be written with --output\n',
    ]);
  });

  test('needs a format', () => {
    expect(audit('hard.v4', '--output', 'x').stderr).toBe(
      'palisade: --output needs a --format; add --format html or another, or send the text to a file with >\n',
    );
  });

  test('is written to as it is when it is no plain file', () => {
    expect(audit('hard.v4', '--fail-on', 'high', '--format', 'csv', '--output', '/dev/null').status).toBe(3);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('--accepted', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const all = (expires: string): string =>
    ['FW-BASE-03', 'FW-BASE-04', 'FW-BASE-05', 'FW-RATE-01', 'FW-ANOM-01', 'FW-ANOM-02']
      .map((check) => `- {check: ${check}, owner: Ada, reason: we know, expires: ${expires}}\n`)
      .join('');

  test('takes findings out of the exit code and the score, and not out of the report', () => {
    const before = JSON.parse(audit('guide.v4', '--json').stdout) as { score: number; findings: { id: string }[] };
    const name = file('one.yaml', 'accepted:\n- {check: FW-BASE-04, owner: Ada, reason: we know, expires: 2999-01-01}\n');
    const after = JSON.parse(audit('guide.v4', '--json', '--accepted', name).stdout) as typeof before & {
      accepted: { id: string; acceptance: { owner: string } }[];
    };
    // The guide's other faults may already have cost all that faults can cost.
    expect(after.score).toBeGreaterThanOrEqual(before.score);
    expect(after.accepted).toMatchObject([{ id: 'FW-BASE-04', acceptance: { owner: 'Ada' } }]);
    expect(after.findings.length).toBe(before.findings.length - 1);
    expect(audit('guide.v4', '--accepted', name).stdout).toMatch(/^ACCEPTED {2}high FW-BASE-04 .*by Ada until 2999-01-01/m);
  });

  test('makes the exit code 0 when every finding is accepted, and 1 again once they have expired', () => {
    // Of the checks that found something on the guide, whatever palisade checks by now.
    const found = JSON.parse(audit('guide.v4', '--json').stdout) as { findings: { id: string }[]; unknown: unknown[] };
    const ids = [...new Set(found.findings.map(({ id }) => id))];
    const entries = (expires: string): string =>
      `accepted:\n${ids.map((check) => `- {check: ${check}, owner: Ada, reason: we know, expires: ${expires}}\n`).join('')}`;
    const answered = found.unknown.length === 0 ? 0 : 3;
    expect(audit('guide.v4', '--accepted', file('all.yaml', entries('2999-01-01'))).status).toBe(answered);
    const { status, stdout } = audit('guide.v4', '--accepted', file('over.yaml', entries('2020-01-01')));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^EXPIRED {2}FW-BASE-04, accepted by Ada until 2020-01-01: it counts again$/m);
  });

  test('says which entries fit nothing', () => {
    const { stdout } = audit('hard.v4', '--accepted', file('unused.yaml', `accepted:\n${all('2999-01-01')}`));
    expect(stdout).toMatch(/^UNUSED {2}FW-BASE-04, accepted by Ada until 2999-01-01: it fits no finding$/m);
  });

  test('that cannot be read whole leaves no report', () => {
    const name = file('odd.yaml', 'accepted:\n  - chekc: FW-BASE-04\n');
    const { status, stdout, stderr } = audit('guide.v4', '--accepted', name);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('odd.yaml:2:5: there is no "chekc" here; did you mean "check"?\n');
    expect(audit('guide.v4', '--accepted', 'none.yaml').status).toBe(2);
  });
});

describe('--profile', () => {
  test('lists the controls of its standard', () => {
    const { controls, profile } = JSON.parse(audit('guide.v4', '--json', '--profile', 'cis').stdout) as {
      controls: { standard: string; control: string; outcome: string }[];
      profile: string;
    };
    expect(profile).toBe('cis');
    expect(controls.find(({ control }) => control === '4.4.2.2')?.outcome).toBe('fail');
    expect(audit('guide.v4', '--profile', 'cis').stdout).toContain('CIS Debian Linux 12 Benchmark v1.1.0: ');
  });

  test('that there is not is refused', () => {
    expect(audit('guide.v4', '--profile', 'cis2').stderr).toContain('did you mean cis?');
  });
});
