import { readdirSync, readFileSync } from 'node:fs';
import type { TextRead } from '../model/host/index.ts';

/**
 * What the kernel and its disk show to everybody alike, whatever the network namespace; so no program is needed to read it
 * elsewhere.
 */
export function readFolder(path: string): TextRead {
  return reading(`ls ${path}`, () => readdirSync(path).sort().join('\n'));
}

/** Several files of one line each. */
export function readLines(...paths: readonly string[]): TextRead {
  return reading(`cat ${paths.join(' ')}`, () => paths.map((path) => readFileSync(path, 'latin1').trimEnd()).join('\n'));
}

function reading(command: string, read: () => string): TextRead {
  try {
    return { read: true, text: read(), command, warnings: '' };
  } catch (error) {
    const { code, path = '' } = error as NodeJS.ErrnoException;
    const [tool = ''] = command.split(' ');
    if (code === 'EACCES' || code === 'EPERM') return { read: false, why: 'rights', tool, detail: `${path} may not be read` };
    if (code === 'ENOENT') return { read: false, why: 'unused', tool, detail: `there is no ${path}` };
    throw error;
  }
}
