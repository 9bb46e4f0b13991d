import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { type AuditedChange, auditedChanges } from './audit-records.ts';

export interface AuditLog extends Disposable {
  /** What was recorded since `at` (epoch milliseconds), as far as it was written since the opening; oldest first. */
  since(at: number): readonly AuditedChange[];
}

const settings = '/etc/audit/auditd.conf';
const usual = '/var/log/audit/audit.log';
/** What is looked through: a host that audits every call writes this much in some seconds. */
const mostBytes = 1024 * 1024;

/**
 * Looks into the log that auditd keeps, only when somebody asks: nothing is followed meanwhile. `null` where there is none, or it may not be
 * read.
 *
 * @param path default: what auditd's own settings say.
 */
export function openAuditLog(path: string = pathFrom(settings)): AuditLog | null {
  let file = openAt(path);
  if (file === null) return null;
  let at = file.size;
  let text = '';

  function readOn(): void {
    if (file === null) return;
    const { size } = fstatSync(file.fd);
    // Shorter than it was: somebody emptied it.
    if (size < at) at = 0;
    const from = Math.max(at, size - mostBytes);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const length = readSync(file.fd, bytes, 0, bytes.length, from);
    at = from + length;
    text = (text + bytes.toString('latin1', 0, length)).slice(-mostBytes);
  }

  return {
    since(time) {
      readOn();
      if (file === null || isAnother(path, file)) {
        if (file !== null) closeSync(file.fd);
        file = openAt(path);
        at = 0;
        readOn();
      }
      return auditedChanges(text).filter((change) => change.at >= time);
    },
    [Symbol.dispose]() {
      if (file !== null) closeSync(file.fd);
      file = null;
    },
  };
}

interface OpenFile {
  readonly fd: number;
  readonly size: number;
  readonly ino: number;
  readonly dev: number;
}

function openAt(path: string): OpenFile | null {
  try {
    const fd = openSync(path, 'r');
    const { size, ino, dev } = fstatSync(fd);
    return { fd, size, ino, dev };
  } catch {
    // There is none, or it is not ours to read.
    return null;
  }
}

/** auditd renames a full log and begins another. */
function isAnother(path: string, file: OpenFile): boolean {
  try {
    const { ino, dev } = statSync(path);
    return ino !== file.ino || dev !== file.dev;
  } catch {
    // Between these two steps of its: the next time.
    return false;
  }
}

function pathFrom(file: string): string {
  try {
    return /^\s*log_file\s*=\s*(\S+)/m.exec(readFileSync(file, 'latin1'))?.[1] ?? usual;
  } catch {
    return usual;
  }
}
