import type { HostFile, HostFiles } from '../model/host/index.ts';
import { shellWord } from './host-finding.ts';

type Rights = Pick<HostFile, 'mode' | 'uid' | 'gid'>;

/** Whether a user who is not root may: by the rights of all, or those of a group that is not root's. */
export function othersMay({ mode, gid }: Rights, right: number): boolean {
  return (mode & right) !== 0 || (gid !== 0 && (mode & (right << 3)) !== 0);
}

/** Whether others can exchange what is in a folder. In a sticky one they can add files, but not exchange those of others. */
export function isExchangeable(folder: Rights): boolean {
  return folder.uid !== 0 || (othersMay(folder, 0o2) && (folder.mode & 0o1000) === 0);
}

/** The folders above a path that are told, the topmost first. */
export function foldersAbove(files: HostFiles, path: string): readonly HostFile[] {
  const names = path.split('/').slice(1, -1);
  return names
    .flatMap((_, index) => files.get(`/${names.slice(0, index + 1).join('/')}`) ?? [])
    .filter(({ kind }) => kind === 'folder');
}

/** A line of a shell that takes a folder back, before anything in it is touched: its owner could put a link there meanwhile. */
export function folderToRoot(path: string): string {
  return `chown root:root ${shellWord(path)} && chmod go-w ${shellWord(path)}`;
}

/** As {@link folderToRoot}, of a file in a folder that is root's by now; a link that was put there before is left alone. */
export function fileToRoot(path: string, mode = '0600'): string {
  const word = shellWord(path);
  return `test ! -L ${word} && chown -h root:root ${word} && chmod ${mode} ${word}`;
}
