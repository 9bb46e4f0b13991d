import type { Address, Prefix } from '../../model/net/index.ts';

/** What is known of the host whose events these are. From a log alone nothing is: then the sets are empty, and `own` is `null`. */
export interface Surroundings {
  /** The host's own addresses; `null`: not known, so that whoever is asked on INPUT is taken for it. */
  readonly own: readonly Address[] | null;
  /** Networks that the host is connected to, and by which link where that is known. */
  readonly connected: readonly (Prefix & { readonly link?: string })[];
  /** Those whose answers come late: resolvers, time servers. */
  readonly answering: readonly Address[];
  /** Links that lead to the world; `null`: not known. */
  readonly outside: readonly string[] | null;
}

export const unknownSurroundings: Surroundings = { own: null, connected: [], answering: [], outside: null };
