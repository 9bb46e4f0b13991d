import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { bootInstalled } from '../../change/index.ts';

/** Where services load rules from when a machine starts: of Debian, Red Hat, Arch. */
const places = [
  '/etc/iptables/rules.v4',
  '/etc/iptables/rules.v6',
  '/etc/sysconfig/iptables',
  '/etc/sysconfig/ip6tables',
  '/etc/iptables/iptables.rules',
  '/etc/iptables/ip6tables.rules',
];

/**
 * What whoever saves rules must know while chains ask who is shut out: a table that asks a set that is not there is not loaded at all, and the machine starts
 * open. `null`: the units of palisade make the sets before, or nobody saves rules.
 */
export function savedRulesHint(stateFolder: string): string | null {
  if (bootInstalled(resolve(stateFolder)) === 'installed') return null;
  const file = places.find((place) => existsSync(place));
  if (file === undefined) return null;
  return `Save no rules to ${file} with these chains in them: the machine could not load them when it starts, since nobody makes the sets before. Leave lines with PALISADE- out, or confirm a policy and run palisade boot-restore --install once.`;
}
