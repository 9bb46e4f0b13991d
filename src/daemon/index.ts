/**
 * What keeps palisade alive: `main.ts` is the one place where all folders meet, and the process every command is.
 *
 * It decides nothing; it only hands the real kernel, clock and server to the command line. Nobody imports it.
 */
