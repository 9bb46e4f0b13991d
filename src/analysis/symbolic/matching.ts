import type { Ranges } from '../../model/net/index.ts';
import { type Constraint, ctStatus, states } from '../../model/packet/index.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { all, type Codes, common, complement, type Diagram, listed, type Node, none, within } from '../space/index.ts';
import { typeSet } from './addresstypes.ts';
import { bitCodes, bitSet, type FieldName, type Layout } from './layout.ts';
import { loopbackCodes } from './links.ts';
import type { Matching, Place } from './match.ts';
import { memberSet } from './members.ts';

export function createMatching(diagram: Diagram, layout: Layout, surroundings: Surroundings, tracksBySay: boolean): Matching {
  const axisNumbers = new Map(layout.fields.map((field, index) => [field, index]));
  /** Sets of constraints that many rules share as one object, by whether tracking has looked. */
  const known = [new WeakMap<Constraint, Node>(), new WeakMap<Constraint, Node>()] as const;
  const matching: Matching = {
    diagram,
    layout,
    surroundings,
    tracksBySay,
    fieldSet: (field, codes) => within(diagram, layout.axis(field), codes),
    variable: (key, text, twin = false) => bitSet(diagram, layout.variable(key, text, twin).level),
    set(constraint, place) {
      const shared = known[place.tracked ? 1 : 0];
      const before = shared.get(constraint);
      if (before !== undefined) return before;
      const set = setOf(constraint, place);
      if (!hasStateful(constraint)) shared.set(constraint, set);
      return set;
    },
    case(constraint, place, gives) {
      const parts = constraint.kind === 'all' ? constraint.of : [constraint];
      const axes: number[] = [];
      const codes: Codes[] = [];
      let rest = all;
      for (const part of parts) {
        const field = fieldOf(part, place);
        if (field === null) {
          rest = diagram.mask(rest, matching.set(part, place));
          continue;
        }
        const axis = axisNumbers.get(field.name) as number;
        let at = 0;
        while (at < axes.length && (axes[at] as number) < axis) at += 1;
        if (axes[at] === axis) {
          const both = common(codes[at] as Codes, field.codes);
          if (both.length === 0) return null;
          codes[at] = both;
        } else {
          if (field.codes.length === 0) return null;
          axes.splice(at, 0, axis);
          codes.splice(at, 0, field.codes);
        }
      }
      return rest === none ? null : { axes, codes, gives: diagram.mask(rest, gives) };
    },
  };
  return matching;

  /** A constraint that is about one field alone, by its codes. */
  function fieldOf(constraint: Constraint, place: Place): { readonly name: FieldName; readonly codes: Codes } | null {
    switch (constraint.kind) {
      case 'not': {
        const inner = fieldOf(constraint.of, place);
        return inner && { name: inner.name, codes: complement(inner.codes, layout.axis(inner.name).size) };
      }
      case 'address':
        if (isOriginal(constraint.field) && !isPlain(place)) return null;
        return { name: constraint.field, codes: layout.addressCodes(constraint.field, constraint.ranges) };
      case 'number':
        if (constraint.field === 'state' ? !place.tracked || tracksBySay : isOriginal(constraint.field) && !isPlain(place))
          return null;
        return { name: constraint.field, codes: layout.numberCodes(constraint.field, constraint.ranges) };
      case 'interface':
        return { name: constraint.field, codes: listed(layout.interfaces.codesOf(constraint.name, constraint.prefix)) };
      case 'bits':
        if (constraint.field !== 'flags') return null;
        return { name: 'flags', codes: bitCodes((value) => ((value & constraint.mask) ^ constraint.value) === 0) };
      case 'anyBit':
        if (constraint.field !== 'flags') return null;
        return { name: 'flags', codes: bitCodes((value) => (value & constraint.mask) !== 0) };
      default:
        return null;
    }
  }

  function setOf(constraint: Constraint, place: Place): Node {
    const field = fieldOf(constraint, place);
    if (field !== null) return matching.fieldSet(field.name, field.codes);
    switch (constraint.kind) {
      case 'always':
        return all;
      case 'never':
        return none;
      case 'all':
        return constraint.of.reduce<Node>((set, part) => diagram.mask(set, matching.set(part, place)), all);
      case 'any':
        return constraint.of.reduce<Node>((set, part) => diagram.first(set, matching.set(part, place)), none);
      case 'not':
        return diagram.not(matching.set(constraint.of, place));
      case 'address':
        return original(constraint.field, layout.addressCodes(constraint.field, constraint.ranges), holds(constraint.ranges, 0n));
      case 'number': {
        const codes = layout.numberCodes(constraint.field, constraint.ranges);
        if (constraint.field === 'state') return stateSet(constraint.ranges, place);
        return original(constraint.field, codes, holds(constraint.ranges, 0));
      }
      case 'bits':
        return bits(constraint.field, constraint.mask, constraint.value, place);
      case 'anyBit':
        return diagram.not(bits(constraint.field, constraint.mask, 0, place));
      case 'addressType':
        return typeSet(constraint, matching);
      case 'member':
        return memberSet(constraint, matching);
      case 'opaque': {
        const pure = constraint.nature === 'pure';
        return matching.variable(pure ? constraint.text : `${constraint.text} @ ${place.scope}`, constraint.text, pure);
      }
      case 'interface':
        throw new Error('an interface is a field');
    }
  }

  /** Before tracking has looked, what CT has said of a packet stands for its connection: addresses and ports of zero. */
  function original(field: FieldName, codes: Codes, holdsZero: boolean): Node {
    return diagram.choose(template(), holdsZero ? all : none, matching.fieldSet(field, codes));
  }

  function isPlain(place: Place): boolean {
    return place.tracked || !tracksBySay;
  }

  function template(): Node {
    return matching.fieldSet('template', Int32Array.of(1, 1));
  }

  /** The state as a match sees it (see evaluate/passage.ts, stateSeen): exempt, then by template, then as tracked. */
  function stateSet(within: Ranges<number>, place: Place): Node {
    const is = (name: (typeof states)[number]): Node => (holds(within, states.indexOf(name)) ? all : none);
    const tracked = matching.fieldSet('state', layout.numberCodes('state', within));
    const seen = place.tracked ? tracked : diagram.choose(loopback(), tracked, is('INVALID'));
    if (!tracksBySay) return seen;
    const untemplated = place.tracked ? seen : diagram.choose(template(), is('NEW'), seen);
    return diagram.choose(matching.fieldSet('exempt', Int32Array.of(1, 1)), is('UNTRACKED'), untemplated);
  }

  /** What arrives over loopback was tracked when it left. */
  function loopback(): Node {
    return matching.fieldSet('in', listed(loopbackCodes(layout, surroundings)));
  }

  /** `(field & mask) === value`. */
  function bits(field: 'flags' | 'status' | 'mark' | 'connmark', mask: number, value: number, place: Place): Node {
    if ((value & ~mask) !== 0) return none;
    if (field === 'flags')
      return matching.fieldSet(
        'flags',
        bitCodes((bitsOf) => (bitsOf & mask) === value),
      );
    if (field === 'mark') return markSet('mark', mask, value);
    const own =
      field === 'connmark'
        ? markSet('connmark', mask, value)
        : matching.fieldSet(
            'status',
            bitCodes((bitsOf) => (bitsOf & mask) === value),
          );
    const zero = value === 0 ? all : none;
    const connected = diagram.choose(hasConnection(place), own, zero);
    if (place.tracked || !tracksBySay) return connected;
    // A template is confirmed and has no mark.
    const ofTemplate = field === 'connmark' ? zero : (ctStatus.CONFIRMED & mask) === value ? all : none;
    return diagram.choose(template(), ofTemplate, connected);
  }

  function hasConnection(place: Place): Node {
    const numbers = [states.indexOf('ESTABLISHED'), states.indexOf('RELATED'), states.indexOf('NEW')];
    return stateSet(
      numbers.sort((left, right) => left - right).map((number) => [number, number] as const),
      place,
    );
  }

  function markSet(field: 'mark' | 'connmark', mask: number, value: number): Node {
    let set: Node = all;
    for (const bit of [...layout.markBits].reverse()) {
      if (((mask >>> bit) & 1) === 0) continue;
      const level = layout.markLevel(field, bit);
      set = ((value >>> bit) & 1) === 1 ? diagram.make(level, none, set) : diagram.make(level, set, none);
    }
    return set;
  }
}

function isOriginal(field: string): boolean {
  return field.startsWith('orig') || field === 'direction';
}

function holds<T extends number | bigint>(within: Ranges<T>, value: T): boolean {
  return within.some(([lo, hi]) => lo <= value && value <= hi);
}

function hasStateful(constraint: Constraint): boolean {
  switch (constraint.kind) {
    case 'all':
    case 'any':
      return constraint.of.some(hasStateful);
    case 'not':
      return hasStateful(constraint.of);
    case 'opaque':
      return constraint.nature === 'stateful';
    default:
      return false;
  }
}
