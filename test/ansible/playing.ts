import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLinks, type Namespace } from '../../src/kernel/index.ts';
import { kernel, saved } from '../change/changing.fixture.ts';

const root = join(import.meta.dirname, '../..');
const modules = join(root, 'packaging/ansible/plugins/modules');
const ansible = ['ansible', 'localhost', '-c', 'local', '-M', modules, '-m', 'palisade_policy', '-a'] as const;

/** What the module answered, and what Ansible printed of it. */
export interface Answer {
  readonly status: number;
  readonly changed?: boolean;
  readonly msg?: string;
  readonly parts?: readonly { readonly kind: string }[];
  readonly said: string;
}

/** A machine that Ansible plays on: a namespace with one link, a folder for its policy, with a list beside it. */
export interface Machine extends AsyncDisposable {
  /** Where its policy is to be. */
  readonly path: string;
  task(given: object, ...flags: readonly string[]): Promise<Answer>;
  /** Its rules of IPv4, as the kernel prints them. */
  rules(): Promise<string>;
}

export const policy = `palisade: 1
sets: { partners: { file: partners.txt } }
incoming:
  - { allow: ssh, from: partners }
tests:
  - cannot: { from: { anyone-except: partners }, reach: ssh }
`;

export async function machine(): Promise<Machine> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'palisade-ansible-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const ns: Namespace = stack.use(await kernel.namespace());
  await makeLinks(ns, [{ name: 'eth0', addresses: ['198.51.100.10/24'] }]);
  const path = join(folder, 'etc/policy.yaml');
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc/partners.txt'), '192.0.2.7\n');
  return {
    path,
    async task(given, ...flags) {
      const words = { path, state_dir: join(folder, 'state'), executable: join(root, 'bin/palisade'), ...given };
      // The answer of each host, as a file.
      const tree = mkdtempSync(join(folder, 'tree-'));
      const result = await ns.run({
        argv: [...ansible, JSON.stringify(words), '--tree', tree, ...flags],
        env: { HOME: folder, LC_ALL: 'C.UTF-8', ANSIBLE_NOCOLOR: '1', ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3' },
        timeoutMs: 120_000,
      });
      if (result.kind !== 'exited') throw new Error(`${result.kind}: install ansible-core`);
      if (!existsSync(join(tree, 'localhost'))) throw new Error(result.stdout + result.stderr);
      const answer = JSON.parse(readFileSync(join(tree, 'localhost'), 'utf8')) as Omit<Answer, 'status' | 'said'>;
      return { ...answer, status: result.status, said: result.stdout };
    },
    rules: () => saved(ns, 'nft', 4),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
