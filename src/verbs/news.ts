import type { LoggedPacket } from '../watch/events/index.ts';

/** What happens while `up` runs, as page and terminal show it. */
export type News =
  /** The firewall was read and audited; `changed` when its rules differ from the reading before. */
  | { readonly kind: 'audited'; readonly at: number; readonly changed: boolean }
  /** The kernel logged a packet. */
  | { readonly kind: 'event'; readonly event: LoggedPacket }
  /** Lines that the kernel had and we could not read. */
  | { readonly kind: 'lost'; readonly at: number; readonly count: number };
