import { userInfo } from 'node:os';
import type { Context } from '../verb.ts';

/** The name of who sits there, also behind sudo. */
export function whoever({ env }: Pick<Context, 'env'>): string {
  const said = env['SUDO_USER'] || env['USER'];
  if (said) return said;
  try {
    return userInfo().username;
  } catch {
    // A user without a name.
    return `user ${process.getuid?.() ?? '?'}`;
  }
}
