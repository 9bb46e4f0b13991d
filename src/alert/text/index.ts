/**
 * Text of others, made fit for where it is put: seen instead of obeyed, escaped, and no longer than there is room for.
 *
 * It knows no channel: how a place is escaped, the channel hands in. `words` and the channels call it.
 */
export { fitted, type Room, sizeOf } from './fitted.ts';
export { visible, visibleLine } from './visible.ts';
