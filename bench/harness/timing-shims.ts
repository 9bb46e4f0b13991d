import { copyFileSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One run of a tool: in which network namespace, its first argument, and how long it took. */
export interface ToolRun {
  readonly tool: string;
  readonly namespace: string;
  readonly first: string;
  readonly ms: number;
}

const log = '/tool-runs';

/**
 * A folder to lie over a machine's files, in which tools say how long they took, as bash's clock has it around their start and their end.
 * What bash itself costs is not in it.
 */
export function writeShims(folder: string, tools: readonly string[]): void {
  const real = join(folder, 'usr/libexec/timed');
  mkdirSync(real, { recursive: true });
  mkdirSync(join(folder, 'usr/sbin'), { recursive: true });
  for (const tool of tools) {
    copyFileSync(realpathSync(join('/usr/sbin', tool)), join(real, tool));
    // Over the link of that name.
    rmSync(join(folder, 'usr/sbin', tool), { force: true });
    const shim = `#!/bin/bash
from=$EPOCHREALTIME
/usr/libexec/timed/${tool} "$@"
status=$?
to=$EPOCHREALTIME
printf '%s %s %s %s\\n' ${tool} "$(readlink /proc/self/ns/net)" "\${1:--}" $((\${to/./} - \${from/./})) >>${log}
exit $status
`;
    writeFileSync(join(folder, 'usr/sbin', tool), shim, { mode: 0o755 });
  }
}

/** What was run on the machine since this was last asked; `text` is its log. */
export function toolRuns(text: string): readonly ToolRun[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [tool = '', namespace = '', first = '', micros = ''] = line.split(' ');
      return { tool, namespace, first, ms: Number(micros) / 1000 };
    });
}

export { log as toolLog };
