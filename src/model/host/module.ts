import type { Fields } from './fields.ts';

/** Which parts of the kernel are there, and which it would load when somebody asks for them. */
export interface KernelModules {
  readonly loaded: ReadonlySet<string>;
  /** Of those that matter to a firewall: in the kernel itself, and on the disk for the kernel that runs. */
  readonly builtin: ReadonlySet<string>;
  readonly loadable: ReadonlySet<string>;
}

/**
 * Lines `loaded NAME`, `builtin PATH` and `file PATH`. The line `closed` says that the kernel takes no modules (any more), so
 * that none is loadable.
 */
export function parseModules(text: string): KernelModules | undefined {
  const found = { loaded: new Set<string>(), builtin: new Set<string>(), file: new Set<string>() };
  let closed = false;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line === 'closed') {
      closed = true;
      continue;
    }
    const match = /^(loaded|builtin|file) (?:\S*\/)?([^/\s]+)$/.exec(line);
    if (match === null) return undefined;
    // Names of files write what the kernel calls `_` either way.
    found[match[1] as 'loaded'].add((match[2] ?? '').replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_'));
  }
  return { loaded: found.loaded, builtin: found.builtin, loadable: closed ? new Set() : found.file };
}

/** Of a facts file. */
export function readModules(fields: Fields): KernelModules {
  return {
    loaded: new Set(fields.words('loaded') ?? []),
    builtin: new Set(fields.words('builtin') ?? []),
    loadable: new Set(fields.words('loadable') ?? []),
  };
}
