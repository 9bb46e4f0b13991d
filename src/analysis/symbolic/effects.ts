import { TCP } from '../../model/net/index.ts';
import { type Effect, type FinalVerdict, states, tcpFlags } from '../../model/packet/index.ts';
import { listed, type Node, none } from '../space/index.ts';
import type { Change, Changes, Recoding } from './change.ts';
import type { Decision, Endings } from './ending.ts';
import { type FieldName, longestClamped } from './layout.ts';
import { loopbackCodes } from './links.ts';
import { marksOf } from './marks.ts';
import type { Matching, Place } from './match.ts';
import { createTranslations } from './nat.ts';

/** The built-in chain through which a packet came to the rule: it says which end nat translates, and what raw may say. */
export interface Setting {
  readonly place: Place;
  /** `table chain rule` of the rule at hand. */
  readonly rule: string;
  /** `null` in a chain that several built-in ones lead to, where nothing hangs on it. */
  readonly end: 'src' | 'dst';
  readonly beforeRouting: boolean;
  /** What the host sends itself. */
  readonly sent: boolean;
}

/** What becomes of packets that a rule matches, as a function that ends in leaves. */
export interface Effects {
  of(effect: Effect, target: string, decision: (verdict: FinalVerdict) => Decision, setting: Setting): Node;
}

export function createEffects(matching: Matching, changes: Changes, endings: Endings): Effects {
  const { diagram, layout, surroundings } = matching;
  const address = layout.family;
  const nat = createTranslations(matching, changes, endings);

  return {
    of(effect, target, decision, setting) {
      const ended = (verdict: FinalVerdict, change: Change = changes.unchanged): Node =>
        endings.decided(decision(verdict), change);
      const name = setting.place.scope;
      switch (effect.kind) {
        case 'continue':
        case 'log':
          return none;
        case 'verdict':
          return ended(effect.verdict);
        case 'return':
          return endings.returned(decision('ACCEPT'), changes.unchanged);
        case 'jump':
          throw new Error('a jump is no effect by itself');
        case 'write': {
          const change = endings.pass(changes.of({ marks: marksOf(effect, layout.markBits) }));
          return effect.field === 'mark' ? change : diagram.mask(connected(setting.place, true), change);
        }
        case 'copy': {
          const change = endings.pass(changes.of({ marks: marksOf(effect, layout.markBits) }));
          // A template's mark is 0, whatever the connection's is.
          return diagram.mask(connected(setting.place, effect.to === 'connmark'), change);
        }
        case 'untrack':
        case 'track': {
          const field: FieldName = effect.kind === 'untrack' ? 'exempt' : 'template';
          if (setting.place.tracked) return none;
          const change = endings.pass(changes.of({ fields: new Map([[field, { kind: 'to', code: 1 }]]) }));
          return diagram.without(change, spokenFor());
        }
        case 'hops':
          return hops(effect, setting);
        case 'service':
          return endings.pass(changes.of({ fields: service(effect), rewrites: 1 }));
        case 'alter':
          return effect.what === 'mss' ? clamped() : endings.pass(changes.of({ rewrites: 1 }));
        case 'unknown': {
          const ends = matching.variable(`${target} @ ${name}`, target);
          const accepts = matching.variable(`${target} (accepts the packet) @ ${name}`, `${target} (accepts the packet)`);
          return diagram.mask(ends, diagram.choose(accepts, ended('ACCEPT'), ended('DROP')));
        }
        case 'deliver': {
          const taken = matching.variable(
            `a transparent socket takes what ${name} hands over`,
            `a transparent socket takes what ${setting.rule} hands over`,
          );
          const marks = marksOf({ kind: 'write', field: 'mark', mask: effect.mask, value: effect.value }, layout.markBits);
          const takes = diagram.without(taken, nobodyTakes(effect));
          return diagram.choose(takes, ended('ACCEPT', changes.of({ marks })), ended('DROP'));
        }
        case 'translate':
          return nat.translated(effect, decision, setting);
        case 'netmap':
          return nat.netmapped(effect, decision, setting);
      }
    },
  };

  function connected(place: Place, own: boolean): Node {
    const numbers = ['ESTABLISHED', 'RELATED', 'NEW'].map((name) => states.indexOf(name as (typeof states)[number])).sort();
    const set = matching.set(
      { kind: 'number', field: 'state', ranges: numbers.map((number) => [number, number] as const) },
      place,
    );
    if (!own || place.tracked || !matching.tracksBySay) return set;
    return diagram.without(set, matching.fieldSet('template', Int32Array.of(1, 1)));
  }

  /** Tracking knows the packet already, or has been told of it (evaluate/passage.ts, isSpokenFor). */
  function spokenFor(): Node {
    const told = diagram.first(
      matching.fieldSet('exempt', Int32Array.of(1, 1)),
      matching.fieldSet('template', Int32Array.of(1, 1)),
    );
    const loopback = matching.fieldSet('in', listed(loopbackCodes(layout, surroundings)));
    const invalid = matching.fieldSet('state', layout.numberCodes('state', [[0, 0]]));
    return diagram.first(told, diagram.without(loopback, invalid));
  }

  function hops({ change, by }: Extract<Effect, { kind: 'hops' }>, setting: Setting): Node {
    const codes = new Int32Array(256);
    const same: number[] = [];
    for (let ttl = 0; ttl < 256; ttl += 1) {
      const wanted = change === 'set' ? by : change === 'raise' ? ttl + by : ttl - by;
      codes[ttl] = Math.min(255, Math.max(0, wanted));
      if (codes[ttl] === ttl) same.push(ttl);
    }
    const shortened = layout.shortening.indexOf(setting.rule) + 1;
    const noted: [FieldName, Recoding][] = setting.beforeRouting ? [['shortened', { kind: 'to', code: shortened }]] : [];
    const written = endings.pass(changes.of({ fields: new Map([['ttl', { kind: 'map', codes }], ...noted]), rewrites: 1 }));
    const kept = endings.pass(changes.of({ fields: new Map(noted) }));
    return diagram.choose(matching.fieldSet('ttl', listed(same)), kept, written);
  }

  /** Where no rule asks for the byte there is no axis of it. */
  function service({ mask, value }: Extract<Effect, { kind: 'service' }>): ReadonlyMap<FieldName, Recoding> {
    if (layout.axis('tos').size <= 1) return new Map();
    return new Map([['tos', { kind: 'map', codes: Int32Array.from({ length: 256 }, (_, tos) => (tos & ~mask) ^ value) }]]);
  }

  function nobodyTakes(effect: Extract<Effect, { kind: 'deliver' }>): Node {
    const { listeners } = surroundings;
    if (listeners === null) return none;
    const ports = listeners.filter((one) => one.proto === 'tcp' && one.families.includes(address)).map(({ port }) => port);
    const opening = diagram.mask(
      matching.set(
        { kind: 'bits', field: 'flags', mask: tcpFlags.SYN | tcpFlags.ACK | tcpFlags.RST, value: tcpFlags.SYN },
        { tracked: true, scope: '' },
      ),
      matching.fieldSet('proto', layout.numberCodes('proto', [[TCP, TCP]])),
    );
    const fresh = matching.fieldSet('state', layout.numberCodes('state', [[states.indexOf('NEW'), states.indexOf('NEW')]]));
    const syn = diagram.mask(opening, fresh);
    const lacks = matching.fieldSet('dport', Int32Array.of(layout.numberCode('dport', null), layout.numberCode('dport', null)));
    if (effect.port !== 0) return ports.includes(effect.port) ? none : diagram.without(syn, lacks);
    const open = matching.fieldSet(
      'dport',
      listed([...new Set(ports.map((port) => layout.numberCode('dport', port)))].sort((a, b) => a - b)),
    );
    return diagram.without(diagram.without(syn, lacks), open);
  }

  /** TCPMSS: a short packet without that option becomes four bytes longer, once (evaluate/rewrite.ts, alter). */
  function clamped(): Node {
    const kept = endings.pass(changes.of({ rewrites: 1 }));
    if (layout.axis('clamped').size <= 1) return kept;
    const longest = longestClamped[layout.family];
    const codes = Int32Array.from({ length: layout.axis('length').size }, (_, code) => code);
    for (let length = 0; length <= longest; length += 1)
      codes[layout.numberCode('length', length)] = layout.numberCode('length', length + 4);
    const seen: [FieldName, Recoding] = ['clamped', { kind: 'to', code: 1 }];
    const longer = endings.pass(changes.of({ fields: new Map([['length', { kind: 'map', codes }], seen]), rewrites: 1 }));
    const same = endings.pass(changes.of({ fields: new Map([seen]), rewrites: 1 }));
    const text = 'the packet has no MSS option yet';
    const short = diagram.without(
      matching.fieldSet('length', layout.numberCodes('length', [[0, longest]])),
      matching.fieldSet('clamped', Int32Array.of(1, 1)),
    );
    return diagram.choose(short, diagram.choose(matching.variable(text, text), longer, same), kept);
  }
}
