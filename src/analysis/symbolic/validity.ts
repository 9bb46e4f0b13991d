import { type Hook, kernelUid, states } from '../../model/packet/index.ts';
import { all, complement, listed, type Node, none } from '../space/index.ts';
import { bitCodes, icmpOf, portProtocols } from './layout.ts';
import { loopbackCodes } from './links.ts';
import type { Matching } from './match.ts';

/**
 * Packets that can exist on a way: ports and ICMP types only where the protocol has them and only in a first fragment,
 * flags only of TCP, interfaces only where the way has them. A new connection's first packet carries its own addresses as
 * the connection's, in the original direction, without status or connmark; what arrives has no mark yet (tc and tunnels
 * that set one are not modelled). What comes in over loopback went out before: its program, and rules, have marked it and its
 * connection by then, and nat may have changed both. Whatever is asked of all packets is asked of these.
 */
export function possiblePackets(matching: Matching, hook: Hook): Node {
  const { diagram, layout } = matching;
  const first = matching.fieldSet('fragment', layout.numberCodes('fragment', [[0, 0]]));
  const ported = matching.fieldSet('proto', layout.numberCodes('proto', portProtocols));
  const icmp = matching.fieldSet('proto', layout.numberCodes('proto', [[icmpOf(layout.family), icmpOf(layout.family)]]));
  const tcp = matching.fieldSet('proto', layout.numberCodes('proto', [[6, 6]]));
  let set = all;
  for (const field of ['sport', 'dport'] as const) set = both(set, exactly(field, diagram.mask(first, ported)));
  for (const field of ['icmpType', 'icmpCode'] as const) set = both(set, exactly(field, diagram.mask(first, icmp)));
  if (layout.axis('flags').size > 1) {
    const bare = matching.fieldSet(
      'flags',
      bitCodes((value) => value === 0),
    );
    set = both(set, diagram.choose(diagram.mask(first, tcp), all, bare));
  }
  const nowhere = Int32Array.of(0, 0);
  for (const field of ['in', 'out'] as const) {
    const has = field === 'in' ? hook !== 'output' : hook !== 'input';
    set = both(set, matching.fieldSet(field, has ? complement(nowhere, layout.axis(field).size) : nowhere));
  }
  if (hook === 'output')
    set = both(both(set, matching.fieldSet('pktType', layout.numberCodes('pktType', [[0, 0]]))), ownersAgree(matching));
  else for (const field of ['uid', 'gid'] as const) set = both(set, exactly(field, none));
  if (hook === 'forward') {
    // A packet that is routed on has lost a hop of the 255 that there can be.
    set = both(set, matching.fieldSet('ttl', layout.numberCodes('ttl', [[0, 254]])));
  }
  if (hook !== 'output') set = both(set, overLoopback(all, unmarked('mark')));
  const fresh = matching.fieldSet('state', layout.numberCodes('state', [[newState, newState]]));
  return both(set, diagram.choose(fresh, ofNew(), ofLater()));

  /** Its connection has its protocol, and ports as it has them itself, but for an ICMP error, which speaks of another's. */
  function ofLater(): Node {
    const related = matching.fieldSet(
      'state',
      layout.numberCodes('state', [[states.indexOf('RELATED'), states.indexOf('RELATED')]]),
    );
    let made = agreeing('origProto', 'proto');
    for (const field of ['origSport', 'origDport'] as const) made = both(made, exactly(field, ported));
    return diagram.choose(both(related, icmp), all, made);
  }

  function ofNew(): Node {
    const made = both(matching.fieldSet('direction', nowhere), agreeing('origProto', 'proto'));
    const known = both(exactly('origSport', ported), exactly('origDport', ported));
    return both(made, overLoopback(known, firstSeen()));
  }

  /** What no rule has seen before. */
  function firstSeen(): Node {
    let made = unmarked('connmark');
    if (layout.axis('status').size > 1) made = both(made, matching.fieldSet('status', nowhere));
    for (const [original, own] of [
      ['origSrc', 'src'],
      ['origDst', 'dst'],
    ] as const) {
      // biome-ignore format: pairs
      made = both(made, same(layout.axis(original).size, (code) => [
        matching.fieldSet(original, Int32Array.of(code, code)),
        matching.fieldSet(own, layout.addressCodes(own, [layout.addressesOf(original, code)])),
      ]));
    }
    for (const [original, own] of [['origSport', 'sport'], ['origDport', 'dport']] as const) // biome-ignore format: pairs
      made = both(made, agreeing(original, own));
    return made;
  }

  function overLoopback(looped: Node, others: Node): Node {
    if (hook !== 'input') return others;
    const loopback = matching.fieldSet('in', listed(loopbackCodes(layout, matching.surroundings)));
    return diagram.choose(loopback, looped, others);
  }

  /** Packets of which two fields agree, told by the pieces that rules tell apart. */
  function same(size: number, pieces: (code: number) => readonly [Node, Node]): Node {
    if (size <= 1) return all;
    let made = none;
    for (let code = 0; code < size; code += 1) {
      const [left, right] = pieces(code);
      made = diagram.first(made, diagram.mask(left, right));
    }
    return made;
  }

  function agreeing(original: 'origSport' | 'origDport' | 'origProto', own: 'sport' | 'dport' | 'proto'): Node {
    return same(layout.axis(original).size, (code) => {
      const values = layout.numbersOf(original, code);
      const absent = layout.numberCode(own, null);
      const codes = values === null ? Int32Array.of(absent, absent) : layout.numberCodes(own, [values]);
      return [matching.fieldSet(original, Int32Array.of(code, code)), matching.fieldSet(own, codes)];
    });
  }

  function unmarked(field: 'mark' | 'connmark'): Node {
    let made = all;
    for (const bit of [...layout.markBits].reverse()) made = diagram.make(layout.markLevel(field, bit), made, none);
    return made;
  }

  function both(left: Node, right: Node): Node {
    return diagram.mask(left, right);
  }

  /** The field is there in these packets and in no others. */
  function exactly(field: OptionalField, present: Node): Node {
    const absent = layout.numberCode(field, null);
    const lacks = matching.fieldSet(field, Int32Array.of(absent, absent));
    return diagram.choose(present, diagram.not(lacks), lacks);
  }
}

/** A socket that has a user has a group, and no other has. */
export function ownersAgree({ diagram, layout, fieldSet }: Matching): Node {
  if (layout.axis('uid').size <= 1) return all;
  const user = fieldSet('uid', layout.numberCodes('uid', [[0, kernelUid - 1]]));
  const group = fieldSet('gid', layout.numberCodes('gid', [[0, kernelUid - 1]]));
  return diagram.choose(user, group, diagram.not(group));
}

const newState = states.indexOf('NEW');

/** Fields that packets of other protocols lack. */
type OptionalField = 'sport' | 'dport' | 'icmpType' | 'icmpCode' | 'origSport' | 'origDport' | 'uid' | 'gid';
