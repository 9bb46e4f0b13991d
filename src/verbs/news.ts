import type { LoggedPacketJson } from './event.ts';
import type { BanJson, IncidentJson } from './incident-shape.ts';

/** What happens while `up` runs, as page and terminal show it. */
export type News =
  /** The firewall was read and audited; `changed` when its rules differ from the reading before. */
  | { readonly kind: 'audited'; readonly at: number; readonly changed: boolean }
  /** The kernel logged a packet. */
  | { readonly kind: 'event'; readonly event: LoggedPacketJson }
  /** So many more were logged within a second, and are not told of one by one. */
  | { readonly kind: 'more'; readonly at: number; readonly count: number }
  /** Lines that the kernel had and we could not read. */
  | { readonly kind: 'lost'; readonly at: number; readonly count: number }
  /** Something began, grew or is over. */
  | { readonly kind: 'incident'; readonly change: 'opened' | 'grew' | 'closed'; readonly incident: IncidentJson }
  /** Somebody is shut out; or would be, where nobody acts. */
  | { readonly kind: 'ban'; readonly ban: BanJson; readonly acted: boolean };
