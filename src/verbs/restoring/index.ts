/**
 * How `backup restore` puts a snapshot back: the whole host, or what of it is palisade's.
 *
 * `target` says what of a snapshot this host can become, `whole` makes it so with somebody standing ready to undo it, `recorded` what of
 * palisade's is then known of it, and `told` what there is to know afterwards. `own` goes the way of every change. Nothing is written here
 * that `change/restore` and `changing` do not write.
 */
export { restore } from './restoring.ts';
