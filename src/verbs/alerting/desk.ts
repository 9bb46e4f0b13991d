import { compose, messageId, type Routing } from '../../alert/index.ts';
import type { FedIncident, IncidentFeed, Outbox } from '../../store/index.ts';
import type { Post, Timing } from './post.ts';

interface DeskOptions {
  readonly feed: IncidentFeed;
  readonly routing: Routing;
  readonly outbox: Outbox;
  readonly post: Pick<Post, 'sending' | 'wake'>;
  readonly timing: Pick<Timing, 'now'>;
  readonly random: () => number;
  readonly host: string;
  /** A change by hand that is announced now; epoch milliseconds. */
  readonly announced: () => { readonly at: number; readonly until: number } | null;
  readonly commit: () => void;
}

/** Looks at incidents, and queues what routes say of them, in one commit with how far it has come. */
export interface Desk {
  /** Called about once a second: it does nothing unless something changed, or is due. */
  look(): void;
}

export function createDesk(options: DeskOptions): Desk {
  const { feed, routing, outbox, post, timing, random, host, announced, commit } = options;
  let cursor = outbox.remembered.kept.get('cursor') ?? null;
  let wasAnnounced: string | null = null;
  let isFirst = true;

  /** What is not there any more is over: the store lets go of what is old, and another one never knew it. */
  function news(): FedIncident[] {
    const followed = [...routing.followed];
    const found = feed.now(followed);
    const behind = feed.behind(cursor);
    if (behind === null) return [...(found ?? [])];
    cursor = behind.cursor;
    outbox.keep('cursor', cursor);
    if (found === null) return [...behind.incidents];
    const there = new Set(found.map(({ id }) => id));
    const gone = followed.flatMap((id) => (there.has(id) ? [] : goneOf(routing, id)));
    return [...found, ...gone, ...behind.incidents];
  }

  return {
    look() {
      const now = timing.now();
      const change = announced();
      const said = JSON.stringify(change);
      const isNews = feed.changed() || said !== wasAnnounced || isFirst;
      if (!isNews && now < routing.nextAt) return;
      wasAnnounced = said;
      isFirst = false;
      const seen: FedIncident[] = [];
      if (isNews) seen.push(...news());
      const drafts = routing.step(now, seen, change);
      for (const draft of drafts) {
        const message = compose(draft, {
          ...{ id: messageId(now, random), at: now, host },
          incident: (id) => feed.incident(id),
          tracked: (id) => routing.of(id),
        });
        if (message !== null) outbox.queue(message, draft.channel, post.sending);
      }
      const { tracked, rest } = routing.changes();
      for (const [id, one] of tracked) outbox.track(id, one === null ? null : JSON.stringify(one));
      outbox.keep('routing', JSON.stringify(rest));
      commit();
      if (drafts.length > 0) post.wake();
    },
  };
}

function goneOf(routing: Routing, id: string): FedIncident[] {
  const one = routing.of(id);
  if (one === null) return [];
  const { detector, severity, first, acknowledgedBy, silencedUntil } = one;
  return [{ id, detector, severity, first, acknowledgedBy, silencedUntil, sources: [], isOpen: false }];
}
