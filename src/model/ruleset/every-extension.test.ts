import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends, certainMeaning, escaped, inNamespace, parsed, tool } from '../../../test/ruleset/real-tools.ts';
import { printRuleset, type Rule, ruleText } from './index.ts';

describe.each([4, 6] as const)('every extension of IPv%s', (family) => {
  const samples = readFileSync(
    new URL(`../../../testdata/rulesets-handmade/every-extension-v${family}.txt`, import.meta.url),
    'utf8',
  )
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line, index) => {
      const [place = '', ...rest] = Buffer.from(line, 'utf8').toString('latin1').split(' ');
      const [table = '', hook] = place.split('@');
      const chain = hook ?? `X${index}`;
      return { table, text: `*${table}\n${hook === undefined ? `-N ${chain}\n` : ''}-A ${chain} ${rest.join(' ')}\nCOMMIT\n` };
    });

  describe.each(backends)('by iptables-%s', (backend) => {
    let accepted: readonly (typeof samples)[number][] = [];
    let saved = '';

    beforeAll(() => {
      const name = tool(family, backend);
      const suffix = family === 4 ? '' : '6';
      const inet = family === 4 ? '' : 'family inet6';
      const sets = ['hosts%s hash:ip %f counters timeout 0', 'pairs%s hash:net,port %f', 'marks%s hash:ip %f skbinfo']
        .map((set) => `ipset create ${set.replace('%s', suffix).replace('%f', inet)}`)
        .join('; ');
      // One shell feeds the rules to the tool one by one and says which it took; then comes the save.
      const feed = samples.map(
        (sample, index) => `printf '%b' '${escaped(sample.text)}' | ${name}-restore -n 2>/dev/null && echo took ${index}`,
      );
      const run = inNamespace(`${sets}; ${feed.join('\n')}\necho save; ${name}-save`, '');
      const [took = '', ...rest] = run.stdout.split('save\n');
      saved = rest.join('save\n');
      accepted = took
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [samples[Number(line.slice(5))] as (typeof samples)[number]]));
    }, 60_000);

    it('is taken by the real tool, most of it', () => {
      expect(accepted.length).toBeGreaterThan(samples.length * 0.8);
    });

    it('prints byte for byte as saved', () => {
      expect(printRuleset(parsed(saved))).toBe(saved);
    });

    it('reads what the tool took, and means by it what the kernel prints back', () => {
      const printed = new Map<string, string>();
      const ruleset = parsed(saved);
      for (const table of ruleset.tables) {
        for (const rule of table.rules) {
          if (!rule.chain.startsWith('X')) continue;
          printed.set(`${table.name} ${rule.chain}`, certainMeaning(ruleset, rule));
        }
      }
      const differing: string[] = [];
      for (const sample of accepted) {
        const own = parsed(sample.text.includes(' X') ? sample.text : sample.text.replace('\n', '\n:Y - [0:0]\n'), family);
        const rule = own.tables[0]?.rules[0] as Rule;
        const kernels = printed.get(`${sample.table} ${rule.chain}`);
        const mine = certainMeaning(own, rule);
        if (kernels !== undefined && kernels !== mine) differing.push(`${ruleText(own, rule)}\n  ${mine}\n  ${kernels}`);
      }
      expect(differing).toEqual([]);
    });
  });
});
