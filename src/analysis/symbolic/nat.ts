import { bitsOf } from '../../model/net/index.ts';
import { ctStatus, type Effect, type FinalVerdict } from '../../model/packet/index.ts';
import { isLocal } from '../evaluate/addresstype.ts';
import { all, type Codes, listed, type Node, none } from '../space/index.ts';
import type { Change, Changes, Recoding } from './change.ts';
import type { Setting } from './effects.ts';
import type { Decision, Endings } from './ending.ts';
import { bitSet, type FieldName } from './layout.ts';
import type { Matching } from './match.ts';

/** Gives the verdict in the name of the rule at hand. */
type Decide = (verdict: FinalVerdict) => Decision;

/** What network address translation makes of packets, as functions that end in leaves. */
export interface Translations {
  translated(effect: Extract<Effect, { kind: 'translate' }>, decision: Decide, setting: Setting): Node;
  netmapped(effect: Extract<Effect, { kind: 'netmap' }>, decision: Decide, setting: Setting): Node;
}

export function createTranslations(matching: Matching, changes: Changes, endings: Endings): Translations {
  const { diagram, layout, surroundings } = matching;
  return { translated, netmapped };

  /** NETMAP, address by address as far as its rule says which it means; any of its network for the rest. */
  function netmapped(effect: Extract<Effect, { kind: 'netmap' }>, decision: Decide, setting: Setting): Node {
    const { value, mask } = effect;
    const { end } = setting;
    const free = ((1n << BigInt(bitsOf(layout.family))) - 1n) & ~mask;
    const to = { kind: 'range', address: [value, value | free], port: null } as const;
    const { pieces, whole } = layout.netmapped(end, value, mask);
    let made = whole ? none : translated({ kind: 'translate', end, to }, decision, setting);
    for (const local of [true, false, null]) {
      for (const moves of [true, false]) {
        const codes = Int32Array.from({ length: layout.axis(end).size }, (_, code) => code);
        const own: number[] = [];
        for (const { lo, hi, to } of pieces) {
          if ((lo !== to) !== moves) continue;
          for (const code of everyCode(layout.addressCodes(end, [[lo, hi]]))) {
            const image = layout.addressesOf(end, code)[0] - lo + to;
            if ((end === 'dst' ? isLocal(layout.family, image, surroundings) : null) !== local) continue;
            codes[code] = layout.addressCode(end, image);
            own.push(code);
          }
        }
        if (own.length === 0) continue;
        const fields = new Map<FieldName, Recoding>([[end, { kind: 'map', codes }]]);
        const change = changes.of(moves ? { fields: withStatus(fields, end), rewrites: 1, local } : { local });
        const set = matching.fieldSet(end, listed([...new Set(own)].sort((left, right) => left - right)));
        made = diagram.choose(set, endings.decided(decision('ACCEPT'), change), made);
      }
    }
    return made;
  }

  /** A connection whose address is another one counts as translated. */
  function withStatus(fields: Map<FieldName, Recoding>, end: 'src' | 'dst'): Map<FieldName, Recoding> {
    const bit = end === 'src' ? ctStatus.SNAT : ctStatus.DNAT;
    if (layout.axis('status').size > 1)
      fields.set('status', { kind: 'map', codes: Int32Array.from({ length: 64 }, (_, status) => status | bit) });
    return fields;
  }

  /** Network address translation, each choice that is the kernel's as a variable's (evaluate/translation.ts). */
  function translated(effect: Extract<Effect, { kind: 'translate' }>, decision: Decide, setting: Setting): Node {
    const { end, to } = effect;
    const accept = (change: Change): Node => endings.decided(decision('ACCEPT'), change);
    if (end === 'src' && to.kind === 'own') return accept(changes.unchanged);
    const own = to.kind === 'own' ? ownAddresses(setting) : null;
    if (own !== null) {
      let made: Node = none;
      for (const { codes, addresses } of own) {
        const inner = addresses.length === 0 ? endings.decided(decision('DROP'), changes.unchanged) : within(addresses);
        made = diagram.first(diagram.mask(codes, inner), made);
      }
      return made;
    }
    return within(to.kind === 'range' && to.address !== null ? [to.address] : null);

    function within(addresses: readonly (readonly [bigint, bigint])[] | null): Node {
      const port = end === 'src' ? 'sport' : 'dport';
      const locality = to.kind === 'own' ? true : localityOf(addresses);
      const lacks = matching.fieldSet(port, Int32Array.of(layout.numberCode(port, null), layout.numberCode(port, null)));
      const echo = diagram.not(
        matching.fieldSet('icmpType', Int32Array.of(layout.numberCode('icmpType', null), layout.numberCode('icmpType', null))),
      );
      const random = effect.random === true;
      const ported = withPorts(to.port === null ? null : [to.port], false);
      const bare = withPorts(null, true);
      const plain = diagram.choose(lacks, bare, ported);
      return plain;

      function withPorts(ports: readonly (readonly [number, number])[] | null, absent: boolean): Node {
        const codes = addresses === null ? null : codesWithin(addresses);
        const portCodes = ports === null ? (random && end === 'src' && !absent ? 'class' : null) : portsWithin(port, ports);
        const settled =
          (addresses === null || addresses.every(([lo, hi]) => lo === hi)) &&
          (ports === null || ports.every(([lo, hi]) => lo === hi));
        // Whether the packet's own address and port are among those to choose from.
        const same = diagram.mask(
          addresses === null ? all : matching.fieldSet(end, layout.addressCodes(end, addresses)),
          ports === null ? all : matching.fieldSet(port, layout.numberCodes(port, ports)),
        );
        const portChoices: readonly (number | null)[] = portCodes === 'class' || portCodes === null ? [null] : portCodes;
        const options = (codes ?? [null]).flatMap((address) => portChoices.map((port) => ({ address, port })));
        const nodes = options.map((option) => accept(changeTo(option.address, option.port)));
        const moved =
          portCodes === 'class'
            ? byClass((code) => accept(changeTo(codes?.[0] ?? null, code)))
            : choice(nodes, setting, 'is given');
        const identity = settled && portCodes !== 'class' ? same : none;
        const kept = accept(changes.of({ local: settled && end === 'dst' ? locality : null }));
        // An echo's id is made up anew too, which counts as a translation.
        if (settled) return diagram.choose(random ? diagram.without(identity, echo) : identity, kept, moved);
        const stays = matching.variable(
          `${setting.place.scope} chooses what the packet has`,
          `${setting.rule} chooses what the packet has`,
        );
        return diagram.choose(diagram.mask(random ? diagram.without(same, echo) : same, stays), kept, moved);
      }

      /** Source ports are made up within the class of the packet's own (evaluate/translation.ts, classOf). */
      function byClass(of: (code: number) => Node): Node {
        let made: Node = none;
        for (const [own, chosen] of [
          [
            [0, 511],
            [1, 511],
          ],
          [
            [512, 1023],
            [600, 1023],
          ],
          [
            [1024, 65535],
            [1024, 65535],
          ],
        ] as const) {
          // biome-ignore format: classes
          const nodes = portsWithin(port, [chosen]).map(of);
          made = diagram.first(
            diagram.mask(matching.fieldSet(port, layout.numberCodes(port, [own])), choice(nodes, setting, 'is given')),
            made,
          );
        }
        return made;
      }

      function changeTo(address: number | null, code: number | null): Change {
        const fields = new Map<FieldName, Recoding>();
        if (address !== null) fields.set(end, { kind: 'to', code: address });
        if (code !== null) fields.set(port, { kind: 'to', code });
        const local = end === 'src' || address === null ? null : locality;
        return changes.of({ fields: withStatus(fields, end), rewrites: 1, local });
      }
    }

    function codesWithin(addresses: readonly (readonly [bigint, bigint])[]): readonly number[] {
      return everyCode(layout.addressCodes(end, addresses));
    }

    /** Whether all of them are the host's own; `null` when that cannot be told, or is not so of all. */
    function localityOf(addresses: readonly (readonly [bigint, bigint])[] | null): boolean | null {
      const ends = (addresses ?? []).flat().map((value) => isLocal(layout.family, value, surroundings));
      if (ends.length === 0) return null;
      return ends.every((here) => here === true) ? true : ends.every((here) => here === false) ? false : null;
    }
  }

  function portsWithin(field: 'sport' | 'dport', ports: readonly (readonly [number, number])[]): readonly number[] {
    return everyCode(layout.numberCodes(field, ports));
  }

  /** One of several, as the kernel likes: a variable for each turn that may be taken. */
  function choice(nodes: readonly Node[], setting: Setting, what: string): Node {
    const different = [...new Set(nodes)];
    const pick = (from: number, to: number, depth: string): Node => {
      if (to - from === 1) return different[from] as Node;
      const middle = (from + to) >> 1;
      const key = `what ${setting.place.scope} ${what} ${depth}`;
      const level = layout.variable(key, `what ${setting.rule} ${what}`, false).level;
      return diagram.choose(bitSet(diagram, level), pick(middle, to, `${depth}1`), pick(from, middle, `${depth}0`));
    };
    return different.length === 0 ? none : pick(0, different.length, '');
  }

  function everyCode(codes: Codes): readonly number[] {
    const made: number[] = [];
    for (let index = 0; index < codes.length; index += 2)
      for (let code = codes[index] as number; code <= (codes[index + 1] as number); code += 1) made.push(code);
    return made;
  }

  /** REDIRECT's own address, by arriving link (evaluate/translation.ts, ownAddress). */
  function ownAddresses({ sent }: Setting): readonly { codes: Node; addresses: readonly (readonly [bigint, bigint])[] }[] {
    const family = layout.family;
    const loopback = family === 4 ? 0x7f000001n : 1n;
    if (sent) return [{ codes: all, addresses: [[loopback, loopback]] }];
    const { addresses } = surroundings;
    if (addresses === null) return [{ codes: all, addresses: [[0n, (1n << BigInt(bitsOf(family))) - 1n]] }];
    return Array.from({ length: layout.interfaces.size }, (_, code) => {
      const own = addresses.filter((entry) => entry.link === layout.interfaces.nameOf(code) && entry.prefix.family === family);
      const usable = family === 4 ? own.slice(0, 1) : own.filter((entry) => entry.scope === 'global');
      return {
        codes: matching.fieldSet('in', listed([code])),
        addresses: usable.map((entry) => [entry.prefix.value, entry.prefix.value] as const),
      };
    });
  }
}
