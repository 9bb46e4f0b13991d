import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultSettings, settings } from '../../verbs/config/index.ts';
import { verbs } from '../../verbs/index.ts';
import { flagsOf } from '../flag.ts';
import { documents, generatedFolders } from './index.ts';

const root = join(import.meta.dirname, '../../..');
const texts = documents(verbs);

function has(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'palisade-docs-'));
  for (const [path, text] of texts) writeFileSync(join(folder, path.replaceAll('/', '+')), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const written = (path: string): string => join(folder, path.replaceAll('/', '+'));

describe('what is generated lies in the project as it would be written now (npm run docs)', () => {
  test.each([...texts.keys()])('%s', (path) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(texts.get(path));
  });

  test('and nothing else lies beside it', () => {
    const there = generatedFolders.flatMap((name) => readdirSync(join(root, name)).map((file) => `${name}/${file}`));
    const inThem = [...texts.keys()].filter((path) => generatedFolders.some((name) => path.startsWith(`${name}/`)));
    expect(there.sort()).toEqual(inThem.sort());
  });
});

test('a verb that takes a setting has the setting’s own default', () => {
  const defaults: Readonly<Record<string, unknown>> = defaultSettings;
  // A flag that is named as settings with others in them is none of them.
  const plain = new Set(settings.flatMap(({ path }) => (path.length === 1 ? path : [])));
  const shared = verbs.flatMap((verb) => flagsOf(verb).filter((flag) => plain.has(flag.field) && flag.default !== undefined));
  expect(shared.map((flag) => flag.field)).toContain('port');
  for (const flag of shared) expect(flag.default, flag.field).toBe(defaults[flag.field]);
});

describe('man pages', () => {
  const pages = [...texts.keys()].filter((path) => path.endsWith('.1'));

  test.runIf(has('groff')).each(pages)('groff formats %s without a warning', (path) => {
    const { status, stderr, stdout } = spawnSync('groff', ['-ww', '-z', '-man', '-Tutf8', written(path)], { encoding: 'utf8' });
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '' });
  });

  test.runIf(has('mandoc')).each(pages)('mandoc finds no error in %s', (path) => {
    const { status, stdout } = spawnSync('mandoc', ['-Tlint', '-W', 'error', written(path)], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  test('name every verb and every exit code that it has', () => {
    for (const verb of verbs) {
      expect(texts.get('docs/man/palisade.1')).toContain(`\\fB${verb.name.replaceAll('-', '\\-')}\\fR`);
      for (const code of Object.keys(verb.exits))
        expect(texts.get(`docs/man/palisade-${verb.name}.1`)).toContain(`.TP\n\\fB${code}\\fR\n`);
    }
  });
});

/** What palisade would have been run with, when a person types `keys` in an interactive shell. */
async function typed(shell: readonly string[], setup: string, keys: string): Promise<string> {
  const child = spawn('script', ['-qefc', shell.join(' '), '/dev/null'], {
    env: { ...process.env, TERM: 'dumb', PS1: '> ', HOME: folder, ZDOTDIR: folder },
  });
  let output = '';
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!output.includes(text)) return;
        clearInterval(poll);
        resolve();
      };
      const poll = setInterval(look, 20);
      child.on('exit', () => reject(new Error(`the shell ended before it said "${text}": ${output}`)));
    });
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  // The words that are waited for are spelled so that the echo of the typing does not hold them.
  child.stdin.write(`${setup}\npalisade() { echo "RAN"":$*"":"; }; echo READY''NOW\n`);
  await said('READYNOW');
  child.stdin.write(`${keys}\n`);
  await said('RAN:');
  child.stdin.write('exit\n');
  await ended;
  return /RAN:(.*?):/.exec(output)?.[1]?.trim() ?? '';
}

describe('bash', () => {
  const setup = (): string => `source ${written('packaging/completion/palisade.bash')}`;
  const bash = ['bash', '--norc', '--noprofile', '-i'];

  test('accepts the script', () => {
    const { status, stderr } = spawnSync('bash', ['-n', written('packaging/completion/palisade.bash')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    ['palisade au\t', 'audit'],
    ['palisade audit --fail\thi\t', 'audit --fail-on high'],
    ['palisade audit --fail-on=cr\t', 'audit --fail-on=critical'],
    ['palisade --backend le\t tr\t--do\t', '--backend legacy trace --do'],
    ['palisade trace --dp\t22', 'trace --dport 22'],
    ['palisade trace --state=NE\t', 'trace --state=NEW'],
    ['palisade up --no-we\t', 'up --no-web'],
    ['palisade help statu\t', 'help status'],
  ])('completes %j', async (keys, ran) => {
    expect(await typed(bash, setup(), keys)).toBe(ran);
  });

  test('completes a path with a blank, and runs nothing that was typed', async () => {
    writeFileSync(join(folder, 'my rules.v4'), '');
    expect(await typed(bash, `${setup()}; cd ${folder}`, 'palisade show --ruleset my\t')).toBe('show --ruleset my rules.v4');
    expect(await typed(bash, `${setup()}; cd ${folder}`, "palisade show --table '$(touch evil)' --ru\tmy\t")).toBe(
      'show --table $(touch evil) --ruleset my rules.v4',
    );
    expect(readdirSync(folder)).not.toContain('evil');
  });
});

describe.runIf(has('zsh'))('zsh', () => {
  const zsh = ['zsh', '-f', '-i'];
  const setup = (): string =>
    `mkdir -p ${folder}/f; cp ${written('packaging/completion/_palisade')} ${folder}/f/_palisade; fpath=(${folder}/f $fpath); autoload -U compinit; compinit -u -D`;

  test('accepts the script', () => {
    const { status, stderr } = spawnSync('zsh', ['-n', written('packaging/completion/_palisade')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    ['palisade au\t', 'audit'],
    ['palisade audit --fail\thi\t', 'audit --fail-on=high'],
    ['palisade trace --stat\tNE\t', 'trace --state=NEW'],
  ])('completes %j', async (keys, ran) => {
    expect(await typed(zsh, setup(), keys)).toBe(ran);
  });
});

describe.runIf(has('fish'))('fish', () => {
  function completed(line: string): string[] {
    const script = `source ${written('packaging/completion/palisade.fish')}; complete -C '${line}'`;
    const { stdout } = spawnSync('fish', ['--no-config', '-c', script], {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    });
    return stdout.split('\n').flatMap((candidate) => candidate.split('\t', 1).filter((word) => word !== ''));
  }

  test('accepts the script', () => {
    const { status, stderr } = spawnSync('fish', ['-n', written('packaging/completion/palisade.fish')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('completes verbs, flags and their values', () => {
    expect(completed('palisade au')).toEqual(['audit']);
    expect(completed('palisade audit --fail')).toEqual(['--fail-on']);
    expect(completed('palisade audit --fail-on hi')).toEqual(['high']);
    expect(completed('palisade trace --state NE')).toEqual(['NEW']);
    expect(completed('palisade --backend le')).toEqual(['legacy']);
  });
});
