/**
 * The process that watches a host: it reads what the kernel logs, sees attacks in it, shuts out who may be shut out, and remembers all of it.
 *
 * `watcher` is that process; it takes no input from the network, and its parent tells it what it has to know. `following` starts it, hears it and starts
 * it again. It draws nothing. `up` and `watch` call it.
 */
import type { Host } from '../../model/host/index.ts';
import { openReading } from '../../store/index.ts';
import { countedOf } from '../counted.ts';
import type { Context } from '../verb.ts';
import { factsOf } from './facts.ts';
import { startWatching } from './following.ts';
import { followStore } from './stored.ts';
import type { CountersRead, Told } from './told.ts';

/** A host that is watched. */
export interface WatchedHost {
  readonly told: AsyncIterable<Told>;
  /** The host was read anew. */
  readAgain(host: Host): void;
}

/** Watches a host by a process of its own; where another palisade does so already, says whose, and what that one finds. */
export function watchHere(context: Context, host: Host, writer: 'palisade up' | 'palisade watch'): WatchedHost {
  const how = { writer, isLasting: writer === 'palisade up' };
  const watching = startWatching(context, factsOf(host), countersOf(host), how);
  return { told: orTheirs(context, watching.told), readAgain: (next) => watching.facts(factsOf(next), countersOf(next)) };
}

function countersOf(host: Host): CountersRead {
  return { at: host.readAt, rules: countedOf(host) };
}

async function* orTheirs(context: Context, told: AsyncIterable<Told>): AsyncGenerator<Told> {
  for await (const said of told) {
    yield said;
    if (said.kind !== 'taken') continue;
    const reading = openReading(context.stateFolder);
    if (!reading.ok) return;
    using theirs = reading.value;
    yield* followStore(theirs, context.clock, context.signal);
  }
}
