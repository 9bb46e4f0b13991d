import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../kernel/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import { forgetBoot, hasBoot } from './files.ts';
import { readIfThere, writeWhole } from './machine-file.ts';
import { bootScript } from './script.ts';
import { setsLoader } from './sets-loader.ts';
import { bootUnits, enabledUnits, scriptPath, unitFolder } from './units.ts';

/**
 * Whether the machine restores what was confirmed in a state folder when it starts: `installed`, `absent`, or `other`, for another folder.
 */
export type BootInstalled = 'installed' | 'absent' | 'other';

/** @param root `/`, or where an image lies */
export function bootInstalled(stateFolder: string, root = '/'): BootInstalled {
  const unit = readIfThere(join(root, unitFolder, 'palisade-rules.service'));
  const enabled = readIfThere(join(root, unitFolder, 'sysinit.target.wants/palisade-rules.service'));
  if (unit === null || (enabled === null && root === '/')) return 'absent';
  const mounts =
    bootUnits(stateFolder)
      .get('palisade-rules.service')
      ?.match(/^RequiresMountsFor=.*$/m)?.[0] ?? '';
  return unit.split('\n').includes(mounts) ? 'installed' : 'other';
}

/** Writes the script and the units, and enables them: files that it wrote, in the order of their names. */
export async function installBoot(run: Run, stateFolder: string, root = '/'): Promise<Result<readonly string[]>> {
  const files = new Map([
    [scriptPath, bootScript],
    ...[...bootUnits(stateFolder, setsLoader(root))].map(([name, text]) => [join(unitFolder, name), text] as const),
  ]);
  for (const [path, text] of files) writeWhole(join(root, path), text, path === scriptPath ? 0o755 : 0o644);
  const enabled = await systemctl(run, root, 'enable', enabledUnits);
  if (!enabled.ok) return enabled;
  return ok([...files.keys()]);
}

/** Has the machine use the script of this palisade, which reads the files as this one writes them. */
export function refreshBoot(stateFolder: string): void {
  if (bootInstalled(stateFolder) === 'installed' && readIfThere(scriptPath) !== bootScript)
    writeWhole(scriptPath, bootScript, 0o755);
}

/** Takes them away. Rules that are loaded stay. */
export async function removeBoot(run: Run, root = '/'): Promise<Result<readonly string[]>> {
  const names = [...bootUnits('/').keys()];
  const there = [scriptPath, ...names.map((name) => join(unitFolder, name))].filter((path) => existsSync(join(root, path)));
  if (there.length === 0) return ok([]);
  const disabled = await systemctl(run, root, 'disable', enabledUnits);
  for (const path of there) rmSync(join(root, path), { force: true });
  if (root === '/') await run({ argv: ['systemctl', 'daemon-reload'] });
  return disabled.ok ? ok(there) : disabled;
}

/** Has units started with the machine, or no longer, of this one or of an image. */
export async function systemctl(
  run: Run,
  root: string,
  what: 'enable' | 'disable',
  units: readonly string[],
): Promise<Result<void>> {
  // For an image, or a machine that did not start with systemd, the links are all there is to it.
  const offline = root !== '/' || !existsSync('/run/systemd/system');
  const result = await run({
    argv: ['systemctl', ...(offline ? ['--root', root] : []), '--quiet', what, ...units],
    timeoutMs: 60_000,
  });
  if (result.kind === 'exited' && result.status === 0) return ok(undefined);
  const why = result.kind === 'exited' ? (result.stderr.trim().split('\n')[0] ?? '') : `systemctl: ${result.kind}`;
  return failed({
    code: 'boot-refused',
    message: `the units could not be ${what}d: ${why}`,
    hint: `where the machine does not start with systemd, have it run \`sh ${scriptPath} restore STATE\` before its network starts`,
  });
}

/** Nothing of palisade's is restored any more when the machine starts: it is gone from the firewall. */
export async function leaveBoot(run: Run, stateFolder: string): Promise<void> {
  if (bootInstalled(stateFolder) === 'installed' && hasBoot(stateFolder)) await removeBoot(run);
  forgetBoot(stateFolder);
}
