import type { Place } from '../../result.ts';
import type { Addresses, Service } from '../policy.ts';
import type { Path } from './document.ts';
import type { EndpointShape } from './schema.ts';

/** Notes a problem at its place, with what to write instead. */
export type Say = (path: Path, message: string, hint: string, of?: 'key' | 'value') => void;

/** What the words of a policy stand for; what they do not is said at its place. */
export interface Lookup {
  readonly say: Say;
  place(path: Path): Place;
  /** `null` for any. */
  services(given: string | string[], path: Path): readonly Service[] | null;
  addresses(given: EndpointShape | undefined, path: Path): Addresses | null;
  /** Links by the names of the policy, else as they stand. */
  links(given: string | string[] | undefined, path: Path): readonly string[] | null;
}

/** What rules say and do, of which one is written in each. */
export type Verb = 'allow' | 'deny' | 'reject' | 'iptables' | 'group' | 'leave' | 'log';
