import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { TextRead } from '../model/host/index.ts';
import { readBy } from './reading.ts';
import type { Run } from './run.ts';

/** Which parts of the kernel are there now; asked before a tool that would load one by merely looking. */
export interface Modules {
  /**
   * True when the kernel has this module neither loaded nor built in. Where that cannot be told (no list of modules, no
   * list of built-in ones, as in containers), it is taken to be there.
   */
  absent(name: string): Promise<boolean>;
}

/**
 * The first question to nf_tables, ipset or xfrm makes the kernel load that module (request_module in nfnetlink_rcv_msg
 * and af_netlink.c), and reading must change nothing.
 */
export function readModules(run: Run, signal?: AbortSignal): Modules {
  let loaded: Promise<TextRead> | undefined;
  let builtin: Promise<string | undefined> | undefined;
  const readBuiltin = async (): Promise<string | undefined> => {
    const release = await readBy(run, { argv: ['uname', '-r'] }, signal);
    if (!release.read) return undefined;
    const list = await readBy(run, { argv: ['cat', `/lib/modules/${release.text.trim()}/modules.builtin`] }, signal);
    return list.read ? list.text : undefined;
  };
  return {
    async absent(name) {
      loaded ??= readBy(run, { argv: ['cat', '/proc/modules'] }, signal);
      const modules = await loaded;
      if (!modules.read || new RegExp(`^${name} `, 'm').test(modules.text)) return false;
      builtin ??= readBuiltin();
      const list = await builtin;
      return list !== undefined && !new RegExp(`/${name}\\.ko`).test(list);
    },
  };
}

/** As {@link Modules.absent}, at once and of our own machine, without any program. */
export function isAbsent(name: string): boolean {
  try {
    if (new RegExp(`^${name} `, 'm').test(readFileSync('/proc/modules', 'latin1'))) return false;
    return !new RegExp(`/${name}\\.ko`).test(readFileSync(`/lib/modules/${release()}/modules.builtin`, 'latin1'));
  } catch {
    // No list to tell it by.
    return false;
  }
}
