/**
 * `audit.ts RULES4 RULES6 FACTS` audits a host of files in a process where nothing is warm, and prints what it took as JSON:
 * processor time of the whole process, and what was found.
 */
import { readFileSync } from 'node:fs';
import { audit } from '../../src/audit/index.ts';
import { hostFromFiles } from '../../src/model/host/index.ts';

const [, , rules4 = '', rules6 = '', facts = ''] = process.argv;
const read = (file: string): string => readFileSync(file, 'latin1');
const host = hostFromFiles({
  rulesets: [
    { file: rules4, family: 4, text: read(rules4) },
    { file: rules6, family: 6, text: read(rules6) },
  ],
  facts: { file: facts, text: read(facts) },
  readAt: 0,
});
if (!host.ok) throw new Error(JSON.stringify(host.problems));
const readMs = cpuMs();
const { findings, unknown, score, confidence } = audit(host.value);
process.stdout.write(
  JSON.stringify({ readMs, cpuMs: cpuMs(), findings: findings.length, unknown: unknown.length, score, confidence }),
);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
