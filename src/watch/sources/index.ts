/**
 * Where logged packets come from: the kernel's log (LOG rules), an NFLOG group, and an NFLOG group of a namespace that
 * only a helper process can enter.
 *
 * Each source is an async iterable of events and of what was lost. It opens no file that others can write, filters
 * nothing and remembers nothing. Called by `verbs`; it is the only room of `watch` that touches the machine.
 */
export { followCollected } from './collected.ts';
export { followKernelLog } from './kernel-log.ts';
export { followNflog } from './nflog.ts';
export type { Watched } from './watched.ts';
