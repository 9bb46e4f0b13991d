/**
 * What monitoring plugins can be asked for: one file a mode, each one plain object.
 *
 * A mode judges a {@link HostState} and says what it measured; `judge` holds it against ranges and prints it. It reads nothing, and knows of no
 * monitoring system. `verbs/check` and the reporters call it.
 */
import type { CheckMode } from './mode.ts';

/** In the order of the help. */
export const checkModes: readonly CheckMode[] = [];
