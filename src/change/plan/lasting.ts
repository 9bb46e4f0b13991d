import { type Host, known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { banChains } from '../bans/chains.ts';
import { openChain } from './others.ts';

/**
 * The host as it is once everything that is open for a while has ended, and nobody is shut out: what a policy is judged by. A rule of the chain of openings
 * that says no end stays: somebody else wrote it, and it lets in for ever.
 */
export function lastingHost(host: Host): Host {
  const lasting = (family: Family): Host['rulesets'][Family] => {
    const ruleset = host.rulesets[family];
    if (!ruleset.known || ![openChain, ...bans].some((chain) => ruleset.value.text.includes(chain))) return ruleset;
    const text = ruleset.value.text
      .split('\n')
      .filter(
        (line) => !isHole(line) && !bans.some((chain) => line.startsWith(`-A ${chain} `) && / -j (?:DROP|RETURN)$/.test(line)),
      )
      .join('\n');
    const parsed = parseRuleset(text, { family, file: ruleset.value.file });
    return parsed.ok ? known({ ...parsed.value, writer: ruleset.value.writer }) : ruleset;
  };
  return { ...host, rulesets: { 4: lasting(4), 6: lasting(6) } };
}

const bans = Object.values(banChains);

function isHole(line: string): boolean {
  return line.startsWith(`-A ${openChain} `) && / --datestop \S/.test(line);
}
