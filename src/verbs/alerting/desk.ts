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
  /** Called about once a second: it does nothing unless something changed, or is due. However much there is, others have their turn between. */
  look(): Promise<void>;
}

/** Incidents that are looked at in one turn, and that are put into words. */
const mostPerTurn = { followed: 500, fresh: 200, composed: 20 } as const;

const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createDesk(options: DeskOptions): Desk {
  const { feed, routing, outbox, post, timing, random, host, announced, commit } = options;
  let cursor = outbox.remembered.kept.get('cursor') ?? null;
  let wasAnnounced: string | null = null;
  let isFirst = true;

  /** What is so now, in turns. What is not there any more is over: the store lets go of what is old, and another one never knew it. */
  function* news(): Generator<readonly FedIncident[]> {
    const followed = [...routing.followed];
    for (let from = 0; from < followed.length; from += mostPerTurn.followed) {
      const ids = followed.slice(from, from + mostPerTurn.followed);
      const found = feed.now(ids);
      if (found === null) break;
      const there = new Set(found.map(({ id }) => id));
      yield [...found, ...ids.flatMap((id) => (there.has(id) ? [] : goneOf(routing, id)))];
    }
    for (let isAll = false; !isAll; ) {
      const behind = feed.behind(cursor, mostPerTurn.fresh);
      if (behind === null) return;
      ({ cursor, isAll } = behind);
      outbox.keep('cursor', cursor);
      yield behind.incidents;
    }
  }

  async function step(seen: readonly FedIncident[], change: ReturnType<typeof announced>): Promise<void> {
    const now = timing.now();
    const messages = [];
    let composed = 0;
    for (const draft of routing.step(now, seen, change)) {
      composed += draft.alerts.length;
      if (composed > mostPerTurn.composed) {
        await othersTurn();
        composed = 0;
      }
      const message = compose(draft, {
        ...{ id: messageId(now, random), at: now, host },
        incident: (id) => feed.incident(id),
        tracked: (id) => routing.of(id),
      });
      if (message !== null) messages.push({ message, channel: draft.channel });
    }
    // All of it, and what is remembered of it, at once: whoever begins anew finds both or neither.
    for (const { message, channel } of messages) outbox.queue(message, channel, post.sending);
    const { tracked, rest } = routing.changes();
    for (const [id, one] of tracked) outbox.track(id, one === null ? null : JSON.stringify(one));
    outbox.keep('routing', JSON.stringify(rest));
    commit();
    if (messages.length > 0) post.wake();
  }

  return {
    async look() {
      const change = announced();
      const said = JSON.stringify(change);
      const isNews = feed.changed() || said !== wasAnnounced || isFirst;
      wasAnnounced = said;
      isFirst = false;
      if (isNews) {
        for (const seen of news()) {
          await step(seen, change);
          await othersTurn();
        }
      }
      while (timing.now() >= routing.nextAt) {
        await step([], change);
        await othersTurn();
      }
    },
  };
}

function goneOf(routing: Routing, id: string): FedIncident[] {
  const one = routing.of(id);
  if (one === null) return [];
  const { detector, severity, first, acknowledgedBy, silencedUntil } = one;
  return [{ id, detector, severity, first, acknowledgedBy, silencedUntil, sources: [], isOpen: false }];
}
