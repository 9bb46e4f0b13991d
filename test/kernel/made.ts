import { conditions } from './conditions.ts';
import type { Condition, Site } from './matches.ts';

/** A translation that leaves the kernel a choice of addresses or ports, as its option is written. */
export interface Choice {
  readonly option: string;
  readonly addresses: readonly [bigint, bigint] | null;
  readonly ports: readonly [number, number] | null;
  /** The option as it would be written if there were no choice. */
  readonly narrowed: (address: bigint, port: number) => string;
}

export interface MadeRule {
  readonly conditions: readonly Condition[];
  /** Conditions that the target itself needs. */
  readonly guard: string;
  readonly target: string;
  readonly kind: string;
  readonly choices: readonly Choice[];
}

export function rule(site: Site, target: string, kind: string, guard = ''): MadeRule {
  return { conditions: conditions(site), guard, target, kind, choices: [] };
}

/** A target's own conditions say protocol, destination and link, which iptables takes once each. */
export function guarded(site: Site, target: string, kind: string, guard: string, choices: readonly Choice[] = []): MadeRule {
  const ofProtocol = /(^|\s)-p\s|-m (tcp|udp|sctp|dccp|multiport|icmp6?) |--ctorig(src|dst)port/;
  const taken = [
    ...(guard.includes('-p ') ? [ofProtocol] : []),
    ...(guard.includes('-d ') ? [/(^|\s)-d\s/] : []),
    ...(guard.includes('-i ') ? [/(^|\s)-i\s/] : []),
    ...(guard.includes('-o ') ? [/(^|\s)-o\s/] : []),
  ];
  const kept = conditions(site).filter(({ text }) => !taken.some((clash) => clash.test(text)));
  return { conditions: site.random.chance(0.5) ? [] : kept, guard, target, kind, choices };
}
