/**
 * How is it asked for by a browser or a script? The page and the JSON API over HTTP, on loopback, behind a token.
 *
 * It is not where answers are made: every answer comes from `Served`, which the verbs implement; here are only
 * routes, the live stream, the guards (host name, token, sizes, rates) and the files of the built page.
 * It reads the firewall never, changes it never. `daemon` hands `serve` to the verbs.
 */
export { serve } from './serve.ts';
