/**
 * A program of its own that reads one source into a store, to be killed at any moment: events, losses and cursors go into it in one transaction.
 * Usage: `node reader.ts STATE SOURCE-AS-JSON`. Ends by SIGTERM. Notices go to its standard output.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/clock.ts';
import { openStore } from '../../../src/store/index.ts';
import { openFile, openJournal, openKmsg, openNflog, type Source } from '../../../src/watch/sources/index.ts';
import { openTally } from './tally.ts';

export type Read =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'journal'; readonly folder: string }
  /** Of these two records are counted, since nobody can write the kernel's own. */
  | { readonly kind: 'kmsg' }
  | { readonly kind: 'nflog'; readonly group: number; readonly namespacePid: number; readonly receiveBufferBytes?: number };

const [, , state = '', said = ''] = process.argv;
const read = JSON.parse(said) as Read;
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
await (read.kind === 'file' || read.kind === 'journal' ? intoStore(sourceOf(read)) : intoTally(sourceOf(read)));
process.exit(0);

function sourceOf(one: Read): Source {
  switch (one.kind) {
    case 'file':
      return openFile(one.path);
    case 'journal':
      return openJournal({ packets: true, logins: false, folder: one.folder });
    case 'kmsg':
      return openKmsg();
    case 'nflog':
      return openNflog(one);
  }
}

async function intoStore(source: Source): Promise<void> {
  const limits = { eventDays: 3650, yearDays: 3650, bytes: 2 ** 40 };
  const opened = openStore(state, { clock: systemClock, writer: `${process.pid}`, limits });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  using store = opened.value;
  let uncommitted = 0;
  let begun = false;
  const commit = (): void => {
    uncommitted = 0;
    const problem = store.commit();
    if (problem !== null) throw new Error(problem.message);
  };
  const timer = setInterval(commit, 50);
  for await (const one of source.follow(store.cursor(source.name), stop.signal)) {
    if (one.kind === 'batch') {
      store.keep(one.batch, source.name);
      if (one.cursor !== null) store.reached(source.name, one.cursor);
      uncommitted += one.batch.length;
      if (uncommitted > 5000) commit();
      if (!begun && one.cursor !== null) {
        begun = true;
        commit();
        tell('begun');
      }
    } else if (one.kind === 'lost') store.lost(source.name, one.count, one.of, one.at);
    else tell(one.kind === 'notice' ? one.text : `unavailable: ${one.problem.message}`);
  }
  clearInterval(timer);
  commit();
}

async function intoTally(source: Source): Promise<void> {
  using tally = openTally(state);
  let begun = false;
  for await (const one of source.follow(tally.cursor(), stop.signal)) {
    if (one.kind === 'batch') {
      tally.add(one.batch.length, one.passed, one.cursor);
      if (!begun) tell('begun');
      begun = true;
    } else if (one.kind === 'lost') tally.lost(one.count);
    else tell(one.kind === 'notice' ? one.text : `unavailable: ${one.problem.message}`);
    // A slow reader, so that the kernel's ring runs over.
    if (process.env['SLOW_MS'] !== undefined) await sleep(Number(process.env['SLOW_MS']));
  }
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
