import type { Family } from '../../model/net/index.ts';
import { builtinChains } from '../builtins.ts';
import type { Compiled } from './compile.ts';

/**
 * The rules of one family on a host without any others, as iptables-restore reads them: whole tables. A chain of another program
 * that is entered from (DOCKER-USER) is left out with what it leads to.
 */
export function aloneText({ families }: Compiled, family: Family): string {
  return families[family]
    .map(({ table, policies, chains, jumps }) => {
      const known = builtinChains[table] ?? [];
      const entered = jumps.filter(({ from }) => known.includes(from));
      const left = new Set(jumps.filter(({ from }) => !known.includes(from)).map(({ to }) => to));
      const kept = [...chains].filter(([name]) => !left.has(name));
      return [
        `*${table}`,
        ...known.map((chain) => `:${chain} ${policies.get(chain) ?? 'ACCEPT'} [0:0]`),
        ...kept.map(([name]) => `:${name} - [0:0]`),
        ...entered.map(({ from, to }) => `-A ${from} -j ${to}`),
        ...kept.flatMap(([name, lines]) => lines.map((line) => `-A ${name} ${line}`)),
        'COMMIT',
        '',
      ].join('\n');
    })
    .join('');
}
