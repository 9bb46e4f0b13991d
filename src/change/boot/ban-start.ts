import { existsSync, lstatSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../kernel/index.ts';
import type { Problem } from '../../result.ts';
import { unwritable } from '../history/unwritable.ts';
import { banScript } from './ban-script.ts';
import { systemctl } from './install.ts';
import { readIfThere, writeWhole } from './machine-file.ts';
import { place } from './place.ts';
import { setsLoader } from './sets-loader.ts';
import { banScriptPath, banUnit, banUnitName, unitFolder } from './units.ts';

/**
 * Whether rules that somebody saves while chains ask who is shut out can be loaded when the machine starts: `ready`, by a unit that makes the sets before,
 * which is new or was there; `unready`, and why; `elsewhere`: this is not the network of the machine itself.
 */
export type BanStart =
  | { readonly kind: 'ready'; readonly isNew: boolean }
  | { readonly kind: 'unready'; readonly why: 'no-systemd' | Problem }
  | { readonly kind: 'elsewhere' };

/**
 * Has the machine make the sets before rules are loaded when it starts, where it does not yet or does so in another way: before chains ask them, since
 * somebody may save the rules the moment after. Without systemd the script is there for whoever has it run.
 *
 * @param root below which the machine's files are
 */
export async function readyBanStart(run: Run, stateFolder: string, root = '/'): Promise<BanStart> {
  if (root === '/' && place() !== 'host') return { kind: 'elsewhere' };
  const isSystemd = root !== '/' || existsSync('/run/systemd/system');
  const unitPath = join(unitFolder, banUnitName);
  try {
    if (readIfThere(join(root, banScriptPath)) !== banScript) writeWhole(join(root, banScriptPath), banScript, 0o755);
    if (!isSystemd) return { kind: 'unready', why: 'no-systemd' };
    if (isMasked(root)) return { kind: 'unready', why: masked };
    const unit = banUnit(stateFolder, setsLoader(root));
    const isSame = readIfThere(join(root, unitPath)) === unit;
    if (isSame && isEnabled(root)) return { kind: 'ready', isNew: false };
    const isNew = !isEnabled(root);
    writeWhole(join(root, unitPath), unit, 0o644);
    const enabled = await systemctl(run, root, 'enable', [banUnitName]);
    return enabled.ok ? { kind: 'ready', isNew } : { kind: 'unready', why: enabled.problems[0] ?? masked };
  } catch (error) {
    const problem = unwritable('/etc', error);
    if (problem === null) throw error;
    return { kind: 'unready', why: { ...problem, message: problem.message.replace('the state folder', '/etc') } };
  }
}

/** Whether {@link readyBanStart} has left something. */
export function hasBanStart(root = '/'): boolean {
  return (root !== '/' || place() === 'host') && (existsSync(join(root, banScriptPath)) || isEnabled(root));
}

/** Nobody makes the sets any more when the machine starts: no rules ask them. */
export async function removeBanStart(run: Run, root = '/'): Promise<void> {
  if (!hasBanStart(root)) return;
  const unit = join(root, unitFolder, banUnitName);
  if (!isMasked(root) && existsSync(unit)) {
    // The link goes in any case: without its unit it is nobody's.
    await systemctl(run, root, 'disable', [banUnitName]);
    rmSync(join(root, wantedLink), { force: true });
    rmSync(unit, { force: true });
    if (root === '/') await run({ argv: ['systemctl', 'daemon-reload'] });
  }
  rmSync(join(root, banScriptPath), { force: true });
}

const wantedLink = join(unitFolder, 'sysinit.target.wants', banUnitName);

function isEnabled(root: string): boolean {
  return lstatSync(join(root, wantedLink), { throwIfNoEntry: false }) !== undefined;
}

/** The administrator wants none (systemctl mask). */
function isMasked(root: string): boolean {
  const unit = join(root, unitFolder, banUnitName);
  return existsSync(unit) && realpathSync(unit) === '/dev/null';
}

const masked: Problem = {
  code: 'boot-refused',
  message: `${banUnitName} is masked`,
  hint: `have it made again: systemctl unmask ${banUnitName}`,
};
