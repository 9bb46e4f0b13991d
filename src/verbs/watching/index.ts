/**
 * The process that watches a host: it reads what the kernel logs, sees attacks in it, shuts out who may be shut out, and remembers all of it.
 *
 * `watcher` is that process; it takes no input from the network, and its parent tells it what it has to know. `following` starts it, hears it and starts it
 * again. It draws nothing. `up` and `watch` call it.
 */
