/** Watching: what it takes to keep what the kernel logs, and to ask for it. */
import './watch/store.ts';
