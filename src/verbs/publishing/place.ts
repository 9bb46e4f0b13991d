import { join, resolve } from 'node:path';
import type { Settings } from '../config/index.ts';
import type { Context } from '../verb.ts';

/** As the schema of the configuration has it, which plugins do not load. */
export const usualState = '/var/lib/palisade';
const usualSocket = '/run/palisade/state.sock';

/**
 * Where the state of the host is published, and read. Who keeps his state in another folder than usual, such as a second palisade or a test, publishes
 * beside it: the usual place is the host's.
 *
 * @returns `null`: nowhere
 */
export function socketOf(publish: Pick<Settings['publish'], 'socket'>, stateFolder: string): string | null {
  if (publish.socket !== undefined) return publish.socket === 'off' ? null : resolve(publish.socket);
  const state = resolve(stateFolder);
  return state === usualState ? usualSocket : join(state, 'state.sock');
}

/** Where to read it: where somebody said, or where it is published. What is published nowhere is looked for where it usually is. */
export function publishedAt(
  { settings, stateFolder }: Pick<Context, 'settings' | 'stateFolder'>,
  said?: string | undefined,
): string {
  return said === undefined ? (socketOf(settings.publish, stateFolder) ?? usualSocket) : resolve(said);
}
