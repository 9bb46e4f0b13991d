import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type BanStart, banScriptPath, banUnitName } from '../../change/index.ts';

/** Where services load rules from when a machine starts: of Debian, Red Hat, Arch, Gentoo and Alpine, and of guides. */
const places = [
  ...['rules.v4', 'rules.v6', 'iptables.rules', 'ip6tables.rules', 'rules-save', 'rules6-save'].map(
    (name) => `/etc/iptables/${name}`,
  ),
  ...['iptables', 'ip6tables'].flatMap((name) => [
    `/etc/sysconfig/${name}`,
    `/var/lib/${name}/rules-save`,
    `/etc/${name}.rules`,
    `/etc/${name}.up.rules`,
  ]),
];

/**
 * What whoever saves rules must know while chains ask who is shut out: a table that asks a set that is not there is not loaded at all, and the machine starts
 * open. `null`: the machine makes the sets before, or nobody saves rules.
 */
export function savedRulesHint(start: BanStart, stateFolder: string): string | null {
  if (start.kind === 'ready') return null;
  const file = places.find((place) => textOf(place) !== null);
  if (file === undefined) return null;
  const begin = `Save no rules to ${file} with these chains in them: the machine could not load them when it starts, since nobody makes the sets before`;
  if (start.kind === 'elsewhere') return `${begin}. Leave lines with PALISADE- out.`;
  if (start.why !== 'no-systemd')
    return `${begin} (${start.why.message}). Leave lines with PALISADE- out, or mend that: ${start.why.hint}.`;
  return `${begin}: systemd does not start it. Have it run sh ${banScriptPath} ${resolve(stateFolder)} before rules are loaded, or leave lines with PALISADE- out.`;
}

/** A file of saved rules that ask who is shut out; `null`: none of those that are known. */
export function rulesThatAsk(): string | null {
  return places.find((place) => / --match-set PALISADE-/.test(textOf(place) ?? '')) ?? null;
}

/** What to know where {@link rulesThatAsk} found a file as bans were taken away. */
export function stillAsked(file: string): string {
  return `${file} still asks who is shut out, and could not be loaded without the sets: ${banUnitName} stays, and makes them, empty, when the machine starts. Save the rules anew, and run palisade uninstall once more to have it gone too.`;
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null;
    throw error;
  }
}
