import type { Writable } from 'node:stream';
import type { Told } from './told.ts';

/** To whoever started the watcher. A slow reader keeps nobody waiting, and costs no memory that grows with what happens. */
export interface Outgoing {
  /** False: it was left out, since the reader is too slow; only events are. */
  tell(told: Told): boolean;
}

/** What waits for a reader is what stands: the latest of each incident and each ban, and sums of losses. */
export function createOutgoing(output: Pick<Writable, 'write' | 'once' | 'writableNeedDrain'>): Outgoing {
  const waiting = new Map<string, Told>();
  let isStalled = false;
  const write = (told: Told): void => {
    if (output.write(`${JSON.stringify(told)}\n`)) return;
    isStalled = true;
    output.once('drain', () => {
      isStalled = false;
      for (const [key, next] of waiting) {
        waiting.delete(key);
        write(next);
        if (isStalled) return;
      }
    });
  };
  return {
    tell(told) {
      if (!isStalled) {
        write(told);
        return true;
      }
      if (told.kind === 'event') return false;
      const key = keyOf(told);
      const before = waiting.get(key);
      waiting.set(key, before === undefined ? told : joined(before, told));
      return true;
    },
  };
}

function keyOf(told: Told): string {
  switch (told.kind) {
    case 'incident':
      return `incident ${told.incident.id}`;
    case 'ban':
      return `ban ${told.ban.source}`;
    case 'lost':
      return `lost ${told.source} ${told.of}`;
    case 'unavailable':
      return `unavailable ${told.source}`;
    case 'notice':
      return `notice ${told.text}`;
    default:
      return told.kind;
  }
}

/** That an incident opened is news as long as nobody was told. */
function joined(before: Told, told: Told): Told {
  if (before.kind === 'incident' && told.kind === 'incident' && told.change === 'grew') return { ...told, change: before.change };
  if ((before.kind === 'lost' && told.kind === 'lost') || (before.kind === 'more' && told.kind === 'more'))
    return { ...told, count: before.count + told.count };
  return told;
}
