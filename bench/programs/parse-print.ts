/** Reads FILE, parses it, prints it to nowhere, and writes the milliseconds that took; nothing is warm. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseRuleset, printRuleset } from '../../src/model/ruleset/index.ts';

const [, , file = ''] = process.argv;
const from = performance.now();
const text = readFileSync(file, 'latin1');
const parsed = parseRuleset(text, { file });
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const printed = printRuleset(parsed.value);
writeFileSync('/dev/null', printed, 'latin1');
const ms = performance.now() - from;
if (printed !== text) throw new Error('what was printed is not what was read');
process.stdout.write(String(ms));
