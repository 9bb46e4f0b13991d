import type { Machine } from '../harness/machine.ts';
import type { Reference } from './reference.ts';

/** A program that makes a firewall of a description of its own. What it is told to do are scripts for sh. */
export interface Peer {
  readonly name: string;
  readonly backend: 'nft' | 'legacy';
  /** What has to be there for it to run. */
  readonly program: string;
  /** Writes its own description of the reference. */
  configure(machine: Machine, reference: Reference): void;
  /** Makes the firewall where none is. */
  readonly start: string;
  /** Makes it again from the description. */
  readonly reload: string;
  /** Lets one network more in; left out: it is described anew, and made again. */
  add?(network: string): string;
}
