import { type Family, type Ranges, ranges } from '../../model/net/index.ts';
import type { Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { unnamedPort, unnamedProtocol, vocabularyOf } from '../vocabulary.ts';
import type { Mode } from './course.ts';
import type { Sight } from './sight.ts';
import { common, strangers } from './strangers.ts';

/** What a way is asked by: sights by protocol. */
export interface Asked {
  readonly tcp: Sight;
  readonly udp: Sight;
  other(proto: number): Sight;
}

/** Half of the world is anyone at all; so many ports are all of them. */
const half = 1 / 2;
const nearlyAll = 65_000;

/** Whether any source may send anything by the way: nearly all ports of TCP and UDP, and a protocol that no rule names. */
export function isOpenToAll(subject: Subject, engine: Engine, asked: Asked, mode: Mode): boolean {
  const { port, proto } = unnamedOf(subject, engine);
  if (asked.other(proto).share(null, mode) < half) return false;
  return [asked.tcp, asked.udp].every((sight) => sight.share(port, mode) >= half && portsIn(sight.openPorts(mode)) >= nearlyAll);
}

export function portsIn(of: Ranges<number>): number {
  return of.reduce((sum, [lo, hi]) => sum + hi - lo + 1, 0);
}

/** A port and a protocol that no rule names. */
export function unnamedOf({ host }: Subject, { firewall }: Engine): { readonly port: number; readonly proto: number } {
  const vocabulary = vocabularyOf(host, firewall.ruleset);
  return { port: unnamedPort(vocabulary), proto: unnamedProtocol(vocabulary) };
}

/** Eight places of the world, so that each of a few rules that share it out is met. */
export function acrossTheWorld(family: Family): readonly Ranges<bigint>[] {
  const whole = strangers[family];
  const [lo, hi] = [whole[0]?.[0] ?? 0n, whole.at(-1)?.[1] ?? 0n];
  const step = (hi - lo) / 8n;
  return Array.from({ length: 8 }, (_, index) => {
    const from = lo + step * BigInt(index);
    return common(whole, ranges([from, from + step]));
  });
}
