import type { Clock } from '../../clock.ts';
import type { Chosen } from './choose.ts';
import { openFile } from './file.ts';
import { openJournal } from './journal.ts';
import { openKmsg } from './kmsg.ts';
import { openNflog } from './nflog.ts';
import type { Source } from './source.ts';
import { openStdin } from './stdin.ts';

export interface OpenSettings {
  readonly clock: Clock;
  /** The administrator says that nobody forges what is in log files. */
  readonly trustFiles: boolean;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** The source that was chosen. Nothing is opened before it is followed. */
export function openSource(chosen: Chosen, { clock, trustFiles: trusted, stdin }: OpenSettings): Source {
  switch (chosen.kind) {
    case 'nflog':
      return openNflog({ group: chosen.group, clock });
    case 'kmsg':
      return openKmsg({ clock });
    case 'journal':
      return openJournal({ packets: chosen.packets, logins: chosen.logins, clock });
    case 'file':
      return openFile(chosen.path, { clock, trusted });
    case 'ulogd':
      return openFile(chosen.path, { clock, trusted, isOfUlogd: true });
    case 'stdin':
      return openStdin(stdin, { clock, trusted });
  }
}
