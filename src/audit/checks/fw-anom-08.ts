import { known } from '../../model/host/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import { meaningsOf, type Ruleset } from '../../model/ruleset/index.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachText } from '../families.ts';
import { templateOf } from '../owners.ts';

/**
 * Wool's measure of a firewall's complexity: rules + objects + pairs of interfaces. Objects are addresses, networks, sets and
 * services (port ranges of a protocol) that rules name. Chains that programs write by templates do not count: nobody has to keep them in
 * mind. The threshold is ours; he drew none, and found no good rule set of high complexity.
 */
export const fwAnom08: Check = {
  id: 'FW-ANOM-08',
  title: 'the rules are few enough to be understood',
  severity: 'info',
  kinds: ['Y'],
  refs: ['Wool 2004, rule complexity', 'Wool 2010, firewall complexity'],
  why: 'Mistakes grow with complexity: nobody can keep a thousand rules in mind.',
  fix: 'Put addresses into ipsets and ports into one multiport rule, and give each zone a chain of its own.',
  run,
  examples: [
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'a blocklist of single rules',
      v4: filter(Array.from({ length: 700 }, (_, index) => `-A INPUT -s 192.0.${index >> 8}.${index & 255}/32 -j DROP`)),
      finds: ['info 4'],
    },
    {
      title: 'the same as a set',
      v4: filter(['-A INPUT -m set --match-set bad src -j DROP']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

const threshold = 1000;

function run(subject: Subject): Answer {
  return eachText(fwAnom08, subject, ({ family, ruleset }) => {
    const { rules, objects, links } = sizeOf(ruleset);
    const pairs = (links * (links - 1)) / 2;
    const sum = rules + objects + pairs;
    if (sum < threshold) return known([]);
    const number = (value: number): string => value.toLocaleString('en');
    return known([
      {
        id: fwAnom08.id,
        severity: 'info',
        certainty: 'certain',
        title: `The IPv${family} rules are of complexity ${number(sum)}`,
        why: `That is ${number(rules)} rules, ${number(objects)} addresses and services that they name, and ${number(pairs)} pairs of links. From ${number(threshold)} on palisade says so: nobody can keep that in mind.`,
        family,
        at: [],
        causedBy: [],
        witness: null,
        fix: fwAnom08.fix,
        refs: fwAnom08.refs,
      },
    ]);
  });
}

function sizeOf(ruleset: Ruleset): { readonly rules: number; readonly objects: number; readonly links: number } {
  const objects = new Set<string>();
  const links = new Set<string>();
  let rules = 0;
  for (const [rule, { constraint }] of meaningsOf(ruleset)) {
    if (templateOf(rule.chain) !== null) continue;
    rules += 1;
    name(constraint, objects, links);
  }
  return { rules, objects: objects.size, links: links.size };
}

function name(constraint: Constraint, objects: Set<string>, links: Set<string>): void {
  switch (constraint.kind) {
    case 'all':
    case 'any':
      for (const part of constraint.of) name(part, objects, links);
      return;
    case 'not':
      name(constraint.of, objects, links);
      return;
    case 'address':
      for (const [lo, hi] of constraint.ranges) objects.add(`${lo}-${hi}`);
      return;
    case 'number':
      if (constraint.field !== 'sport' && constraint.field !== 'dport') return;
      for (const [lo, hi] of constraint.ranges) objects.add(`port ${lo}-${hi}`);
      return;
    case 'member':
      objects.add(`set ${constraint.set}`);
      return;
    case 'interface':
      links.add(constraint.name);
      return;
    default:
  }
}
