import { type Host, hostFromFiles } from '../../model/host/index.ts';
import { packetFromJson, type Trace } from '../../model/packet/index.ts';
import type { Result } from '../../result.ts';
import { createEvaluator } from './evaluator.ts';

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(({ message, hint }) => `${message}; ${hint}`).join('\n'));
  return result.value;
}

/** Facts of a small server; each may be left out, and is unknown then. */
export const facts = {
  links: [
    { name: 'lo', loopback: true, up: true },
    { name: 'eth0', up: true },
  ],
  addresses: [
    { link: 'lo', address: '127.0.0.1/8' },
    { link: 'eth0', address: '198.51.100.1/24' },
  ],
};

export function host(text: string, more: { facts?: object | null; sets?: string } = {}): Host {
  const said = more.facts === undefined ? facts : more.facts;
  return must(
    hostFromFiles({
      rulesets: [{ file: 'rules', text, family: 4 }],
      ...(said === null ? {} : { facts: { file: 'facts', text: JSON.stringify(said) } }),
      ...(more.sets === undefined ? {} : { sets: { file: 'sets', text: more.sets } }),
      readAt: 0,
    }),
  );
}

export function trace(on: Host, packet: object): Trace {
  const json = { hook: 'input', src: '203.0.113.9', dst: '198.51.100.1', proto: 'tcp', dport: 22, in: 'eth0', ...packet };
  const found = createEvaluator(on).trace(must(packetFromJson(json, { link: 'eth0' })));
  if (found === null) throw new Error('the rules are unknown');
  return found;
}

export const filter = (...lines: readonly string[]): string =>
  ['*filter', ':INPUT DROP [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]', ...lines, 'COMMIT', ''].join('\n');

/** Every path as `chain:rule effect`, with `?` where the rule may have matched. */
export const shown = ({ path }: Trace): readonly string[] =>
  path.map((step) => `${step.table} ${step.chain}:${step.rule} ${step.effect}${step.maybe ? '?' : ''}`);
