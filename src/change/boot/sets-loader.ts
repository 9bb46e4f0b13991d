import { existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type SetsLoader, unitFolder } from './units.ts';

/** Where systemd looks for units, the first that has one counts (systemd.unit(5)). */
const unitFolders = [
  unitFolder,
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** Whether `ipset.service` is a service of its own, and no other name of one that loads rules too. */
export function setsLoader(root = '/'): SetsLoader {
  const unit = unitFolders.map((folder) => join(root, folder, 'ipset.service')).find((file) => existsSync(file));
  return unit !== undefined && basename(realpathSync(unit)) === 'ipset.service' ? 'own' : 'none';
}
