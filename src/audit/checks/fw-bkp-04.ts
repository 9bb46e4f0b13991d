import { backupsOf } from '../backups.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { guide, oneLink } from '../examples.ts';
import { file, snapshot } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';
import { fileToRoot, foldersAbove, folderToRoot, isExchangeable } from '../root-only.ts';

const host = (mode: string, more: object = {}, folder = '0755', owner = 0): object => ({
  ...oneLink,
  files: [
    { path: '/backup', kind: 'folder', mode: folder, uid: owner },
    file('/backup/iptables.rules', guide, { mode, ...more }),
  ],
});

export const fwBkp04: Check = {
  id: 'FW-BKP-04',
  title: 'backups are private',
  severity: 'medium',
  kinds: ['H'],
  refs: ['NIST 800-53 CP-9'],
  why: 'A backup shows the gaps of the firewall to whoever may read it, and whoever may write it decides what is restored.',
  fix: "Keep backups with mode 0600, in a folder of root's.",
  run,
  examples: [
    { title: 'private', facts: host('0600'), finds: [] },
    { title: 'as a shell writes it', facts: host('0644'), finds: ['medium null'] },
    { title: 'readable, in a folder that nobody may enter', facts: host('0644', {}, '0700'), finds: [] },
    { title: "somebody else's", facts: host('0600', { uid: 1000 }), finds: ['medium null'] },
    { title: 'a folder that everybody may write', facts: host('0600', {}, '0777'), finds: ['medium null'] },
    { title: "a folder of somebody else's", facts: host('0600', {}, '0700', 1000), finds: ['medium null'] },
    {
      title: "root's folder in one of somebody else's",
      facts: {
        ...oneLink,
        files: [
          { path: '/backup', kind: 'folder', uid: 1000 },
          { path: '/backup/iptables', kind: 'folder', mode: '0700' },
          file('/backup/iptables/rules.v4', guide, { mode: '0600' }),
        ],
      },
      finds: ['medium null'],
    },
    { title: 'a snapshot of palisade’s', facts: { ...oneLink, files: [snapshot(0)] }, finds: [] },
    {
      title: 'a snapshot that others may read',
      facts: { ...oneLink, files: [{ ...snapshot(0), mode: '0644' }] },
      finds: ['medium null'],
    },
    { title: 'no backup', facts: { ...oneLink, files: [] }, finds: [] },
    { title: 'files that were not read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwBkp04, [host.files], (files) =>
    given(fwBkp04, [backupsOf(files)], (backups) => {
      const exposed = backups.filter(({ file: { path, mode, uid } }) => {
        const folder = files.get(path.slice(0, path.lastIndexOf('/')));
        const entered = folder === undefined || (folder.mode & 0o11) !== 0;
        return uid !== 0 || foldersAbove(files, path).some(isExchangeable) || (entered && (mode & 0o66) !== 0);
      });
      if (exposed.length === 0) return fine;
      const paths = exposed.map(({ file }) => file.path);
      const folders = paths.flatMap((path) => [
        ...foldersAbove(files, path).flatMap((each) => (isExchangeable(each) ? [each.path] : [])),
        path.slice(0, path.lastIndexOf('/')),
      ]);
      return found(fwBkp04, {
        title: `Backups are not private: ${sayList(exposed.slice(0, 4).map(({ file }) => `${file.path} (mode ${file.mode.toString(8).padStart(4, '0')})`))}${exposed.length > 4 ? ` and ${exposed.length - 4} more` : ''}`,
        why: 'Others than root may read or exchange them, or the folder that they are in.',
        fix: `Keep them for root, and their folder first.
${[...[...new Set(folders)].map(folderToRoot), ...paths.map((path) => fileToRoot(path))].join('\n')}`,
      });
    }),
  );
}
