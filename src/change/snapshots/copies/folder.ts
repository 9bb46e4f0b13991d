import type { Run } from '../../../kernel/index.ts';
import type { Problem } from '../../../result.ts';
import { type Copied, type Copying, uncopied } from './copying.ts';

/**
 * In a process of its own, since a disk of the network that does not answer holds whoever asks it. $1 the folder, $2 the file, $3 its name
 * there, $4 its SHA-256. With `set -C` no file that somebody else has put there is written through. What is read back is asked of the disk,
 * as far as it forgets what it was just given.
 */
const script = `set -euC
umask 077
cd "$1"
[ "$(stat -c %d .)" != "$(stat -c %d "$2")" ] || echo same-disk
digest() { sha256sum <"$1" | cut -d ' ' -f 1; }
if [ -f "$3" ] && [ ! -L "$3" ] && [ "$(digest "$3")" = "$4" ]; then echo there; exit 0; fi
half=.$3.$$
trap 'rm -f "./$half"' EXIT
cat "$2" >"./$half"
sync "./$half"
dd if="./$half" iflag=nocache count=0 2>/dev/null || :
[ "$(digest "./$half")" = "$4" ] || { echo other; exit 1; }
mv -f -T "./$half" "./$3"
sync .
echo copied
`;

/** What coreutils say of a disk (strerror(3)), and what to do. */
const reasons: readonly (readonly [said: RegExp, message: string, hint: string])[] = [
  [/No space left on device/, 'there is no room', 'make room there, or prune what is there'],
  [/Disk quota exceeded/, 'the quota is used up', 'make room there, or prune what is there'],
  [/Read-only file system/, 'it may only be read', 'mount it so that it can be written'],
  [/cd: .*can't cd|No such file or directory/, 'there is no such folder', 'make it, or mount what it is to lie on'],
  [/Permission denied|Operation not permitted/, 'the right to write there is missing', 'see who owns it, and how it is mounted'],
  [/Input\/output error|Stale file handle/, 'the disk fails', 'see the kernel’s log, and mount it anew'],
];

export async function copyToFolder(
  run: Run,
  folder: string,
  { file, name, digest, timeoutMs, signal }: Copying,
): Promise<Copied | Problem> {
  const argv = ['sh', '-c', script, 'sh', folder, file, name, digest] as const;
  const ran = await run({ argv, timeoutMs, ...(signal && { signal }) });
  if (ran.kind !== 'exited') {
    const hint = 'see whether the disk that it lies on answers';
    return uncopied(folder, ran.kind === 'timeout' ? 'it did not answer in time' : `the copying was ended (${ran.kind})`, hint);
  }
  const words = ran.stdout.split('\n');
  if (ran.status === 0) {
    const note = words.includes('same-disk') ? 'it is on the same disk as this host’s own' : null;
    return { where: `${folder.replace(/\/+$/, '')}/${name}`, note };
  }
  if (words.includes('other'))
    return uncopied(folder, 'what was read back is not what was written', 'the disk fails: copy to another');
  const said = ran.stderr.trim();
  const [, message, hint] = reasons.find(([form]) => form.test(said)) ?? [];
  const last = said.split('\n').at(-1) ?? '';
  return uncopied(folder, message ?? `it could not be written: ${last}`, hint ?? 'mend that, and copy it again');
}
