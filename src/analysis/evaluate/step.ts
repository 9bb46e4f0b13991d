import type { Effect } from '../../model/packet/index.ts';
import type { Station } from './hooks.ts';
import { endThere } from './translation.ts';

/** What a step of a trace calls the effect of its rule. */
export function effectWord(effect: Effect, station: Station): string {
  switch (effect.kind) {
    case 'verdict':
      return effect.verdict;
    case 'jump':
      return effect.goto ? 'goto' : 'jump';
    case 'write':
      return effect.field;
    case 'copy':
      return effect.to;
    case 'translate':
      return effect.end === 'dst' ? 'dnat' : 'snat';
    case 'netmap':
      return endThere(station) === 'dst' ? 'dnat' : 'snat';
    case 'hops':
      return 'ttl';
    case 'deliver':
      return 'tproxy';
    case 'service':
      return effect.by;
    case 'alter':
      return effect.what;
    case 'untrack':
      return 'notrack';
    case 'track':
      return 'track';
    case 'continue':
    case 'return':
    case 'log':
    case 'unknown':
      return effect.kind;
  }
}
