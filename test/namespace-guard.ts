import { readFileSync, readlinkSync } from 'node:fs';

/** What can be seen of the network namespace that the tests are about to run in. Links are as `net:[4026531840]`. */
export interface Surroundings {
  /** This process's network namespace. */
  readonly own: string;
  /** The namespace that `bin/dev test` was started in, before it made a new one; `undefined` when it did not run. */
  readonly outer: string | undefined;
  /** The namespace of process 1, which is the host's; `undefined` when the rights to see it are missing. */
  readonly host: string | undefined;
  /** Lines of /proc/self/net/route below its header: a fresh namespace routes nothing. */
  readonly routes: number;
  /** Every link of /proc/self/net/dev. */
  readonly links: readonly string[];
}

/** What a namespace that nobody has touched holds: loopback, and the devices that tunnel drivers bring everywhere. */
const innate = /^(lo|tunl0|sit0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0)$/;

/**
 * Why the tests must not run here, or `null` when this is surely a namespace made for them.
 * Tests load and flush firewalls; anything but certainty is a refusal.
 */
export function refusal(seen: Surroundings): string | null {
  if (seen.own === seen.outer) return 'this is the network that the tests were started in';
  if (seen.own === seen.host) return 'this is the network of the host';
  if (seen.routes > 0) return 'this network has routes, so that it was not made for the tests';
  // `npm test` says which network it left. Without its word, only a network with no way out is surely not the host's.
  if (seen.outer === undefined && seen.links.some((link) => !innate.test(link))) {
    return 'it cannot be told whether this is the network of the host';
  }
  return null;
}

function look(): Surroundings {
  return {
    own: readlinkSync('/proc/self/ns/net'),
    outer: process.env['PALISADE_OUTER_NETNS'],
    host: hostNamespace(),
    routes: readFileSync('/proc/self/net/route', 'latin1').trimEnd().split('\n').length - 1,
    links: readFileSync('/proc/self/net/dev', 'latin1')
      .split('\n')
      .flatMap((line) => /^ *([^ :]+):/.exec(line)?.[1] ?? []),
  };
}

function hostNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/1/ns/net');
  } catch (error) {
    // Only root may look, and inside a user namespace even root may not.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/** vitest calls this once, before any test file is loaded. */
export default function setup(): void {
  const why = refusal(look());
  if (why !== null) throw new Error(`no test runs here: ${why}. Run them with: npm test`);
}
