import { createEvaluator } from '../../src/analysis/index.ts';
import type { Family } from '../../src/model/net/index.ts';
import type { Packet, Trace } from '../../src/model/packet/index.ts';
import { parseRuleset } from '../../src/model/ruleset/index.ts';
import type { Case } from './cases.ts';
import { GROUP, idOf, type Lab, must, sourceOf } from './lab.ts';
import { lastPacket } from './last.ts';
import { doneRule, ruleName } from './rulesets.ts';

const builtin = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);

/** The text that iptables-restore takes. A chain of the user's own is called by the first rule of POSTROUTING. */
export function textOf({ family, rules }: Pick<Case, 'family' | 'rules'>): string {
  const lines: string[] = [];
  for (const table of ['raw', 'mangle', 'nat', 'filter', 'security']) {
    lines.push(`*${table}`);
    if (table === 'raw') lines.push(':PREROUTING ACCEPT [0:0]');
    const own = rules.flatMap((rule) => (rule.startsWith(`${table} `) ? [rule.slice(table.length + 1)] : []));
    const users = new Set(own.map((rule) => rule.split(' ')[0] ?? '').filter((chain) => !builtin.has(chain)));
    const chains = new Set(own.map((rule) => rule.split(' ')[0] ?? ''));
    for (const chain of chains)
      if (chain !== 'PREROUTING' || table !== 'raw') lines.push(`:${chain} ${users.has(chain) ? '-' : 'ACCEPT'} [0:0]`);
    const counts = new Map<string, number>();
    for (const user of users) {
      lines.push(`-A POSTROUTING -j ${user}`);
      counts.set('POSTROUTING', 1);
    }
    for (const rule of own) {
      const chain = rule.split(' ')[0] ?? '';
      const number = (counts.get(chain) ?? 0) + 1;
      counts.set(chain, number);
      const report = ` -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${ruleName({ table, chain, rule: number })}`;
      lines.push(`-A ${rule}${rule.includes(' -j ') ? '' : report}`);
    }
    // Behind the rules under test, so that their numbers are those that they have here.
    if (table === 'raw') lines.push(doneRule(family));
    lines.push('COMMIT');
  }
  return `${lines.join('\n')}\n`;
}

export function evaluate(lab: Lab, family: Family, text: string, packet: Packet): Trace {
  const read = must(parseRuleset(text, { file: 'case', family }));
  const value = { ...read, writer: { tool: 'iptables-save', version: '1.8.9', backend: lab.backend } } as const;
  const found = createEvaluator({ ...lab.host, rulesets: { ...lab.host.rulesets, [family]: { known: true, value } } }).trace(
    packet,
  );
  if (found === null) throw new Error('the rules are unknown');
  return found;
}

export async function met(lab: Lab, packet: Packet, id: number): Promise<readonly string[]> {
  lab.send(packet, id);
  const logged = await lab.logged(lastPacket(packet.family));
  return logged.flatMap(({ prefix, payload }) => (idOf(payload) === id && sourceOf(payload) === packet.src ? [prefix] : []));
}
