import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** palisade as npm installs it: what it is built to, the Node beside it, and koffi. @returns its launcher */
export function installRelease(folder: string): string {
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'palisade');
  mkdirSync(installed, { recursive: true });
  for (const name of ['bin', 'package.json']) cpSync(join(root, name), join(installed, name), { recursive: true });
  const bundler = join(root, 'node_modules/rolldown/bin/cli.mjs');
  execFileSync(process.execPath, [bundler, '-c', '--dir', join(installed, 'dist'), '--logLevel', 'warn'], { cwd: root });
  symlinkSync(dirname(dirname(process.execPath)), join(modules, `node-linux-${process.arch}`));
  for (const name of ['koffi', '@koromix']) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  return join(installed, 'bin/palisade');
}
