import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Author, append, type Entry, entryOf, lockState, type OwnRecord, takeWords, type What } from '../../change/index.ts';
import { sessionServer } from '../session.ts';
import type { Context } from '../verb.ts';

/** What else an entry may say. */
type More = Partial<Pick<Entry, 'snapshots' | 'actor' | 'by'>>;

/**
 * Writes into the journal what is done, and by whom. Only for whoever holds the state folder.
 *
 * @throws Error of the file system: nothing may be changed that could not be noted
 */
export async function note(
  context: Context,
  state: string,
  what: What,
  record: OwnRecord | null,
  text: string,
  more: More = {},
): Promise<void> {
  const path = record?.policy ?? null;
  const tables = ([4, 6] as const).flatMap((family) =>
    (record?.families[family] ?? []).filter(({ chains }) => chains.size > 0).map(({ table }) => `${family} ${table}`),
  );
  append(state, [
    entryOf({
      at: context.clock.now(),
      what,
      by: await authorOf(context),
      policy: path === null ? null : { path, digest: record?.basis?.policy ?? null },
      tables,
      sets: (record?.sets ?? []).map(({ name }) => name),
      text,
      ...more,
    }),
  ]);
}

/** As {@link note}, of what has happened: it stays so whether it can be noted or not. */
export async function noteAfter(
  context: Context,
  state: string,
  ...what: [What, OwnRecord | null, string, More?]
): Promise<void> {
  try {
    await note(context, state, ...what);
  } catch (error) {
    context.log.warn('the journal could not be written', { why: String(error) });
  }
}

/** As {@link noteAfter}, for those who do not hold the state folder: others hold it for moments, or keep what they have to say. */
export async function noteAlone(context: Context, state: string, ...what: [What, null, string, More?]): Promise<void> {
  for (let left = 50; ; left -= 1) {
    const locked = lockState(state);
    if (locked.ok) {
      try {
        return await noteAfter(context, state, ...what);
      } finally {
        locked.value();
      }
    }
    if (left === 0 || locked.problems.some(({ code }) => code !== 'change-waits')) {
      context.log.warn('the journal could not be written', { why: locked.problems.map(({ message }) => message).join('; ') });
      return;
    }
    await sleep(200);
  }
}

/** Takes over what scripts left to be said. */
export function hear(context: Context, state: string): void {
  try {
    takeWords(state);
  } catch (error) {
    context.log.warn('the journal could not be written', { why: String(error) });
  }
}

/** Who has us do what is done. */
export async function authorOf(context: Context): Promise<Author> {
  const sudo = Number(context.env['SUDO_UID'] ?? Number.NaN);
  return {
    uid: process.getuid?.() ?? 0,
    sudoUid: Number.isInteger(sudo) ? sudo : null,
    loginUid: loginUid(),
    peer: await peerOf(context),
  };
}

/** 4294967295 of those who did not log in (AUDIT_UID_UNSET, include/linux/audit.h). */
function loginUid(): number | null {
  try {
    const uid = Number(readFileSync('/proc/self/loginuid', 'latin1'));
    return uid === 0xff_ff_ff_ff ? null : uid;
  } catch {
    // A kernel without audit.
    return null;
  }
}

/** Not as the environment says, which anybody can set: the connection of the server that let him in. */
async function peerOf(context: Context): Promise<string | null> {
  const server = sessionServer();
  if (server === null) return null;
  const listed = await context.kernel.run({ argv: ['ss', '-H', '-n', '-t', '-p', 'state', 'established'] });
  if (listed.kind !== 'exited') return null;
  const line = listed.stdout.split('\n').find((one) => one.includes(`pid=${server.pid},`));
  return line?.trim().split(/\s+/)[3] ?? null;
}
