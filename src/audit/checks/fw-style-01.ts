import { known } from '../../model/host/index.ts';
import { meaningsOf, type Rule, type Ruleset, ruleText } from '../../model/ruleset/index.ts';
import { sayRef } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command, ruleWords, toolIn } from '../command.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Located } from '../finding.ts';
import { templateOf } from '../owners.ts';

/** What is out of use, and what takes its place. Chains that programs write by templates are left out. */
export const fwStyle01: Check = {
  id: 'FW-STYLE-01',
  title: 'no match or target is out of use',
  severity: 'info',
  kinds: ['Y'],
  refs: ['iptables-extensions(8)'],
  why: 'Aliases of old go on working until a system drops them, and two words for one thing make rules harder to compare.',
  fix: 'Write -m conntrack --ctstate for -m state --state, -j CT --notrack for -j NOTRACK, -j NFLOG for -j ULOG.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide', v4: guide, finds: ['info 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'NOTRACK',
      v4: `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n${filter([])}`,
      finds: ['info 4'],
    },
    {
      title: 'only the word in a comment',
      v4: filter(['-A INPUT -m comment --comment "-m state --state NEW" -j ACCEPT']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

const outOfUse: Readonly<Record<string, string>> = {
  state: '-m conntrack --ctstate',
  NOTRACK: '-j CT --notrack',
  ULOG: '-j NFLOG',
  CLUSTERIP: '-m cluster',
};

function run(subject: Subject): Answer {
  return eachText(fwStyle01, subject, ({ family, ruleset }) => {
    const found: { readonly at: Located; readonly rule: Rule; readonly names: readonly string[] }[] = [];
    for (const table of ruleset.tables) {
      for (const rule of table.rules) {
        const names =
          meaningsOf(ruleset)
            .get(rule)
            ?.uses.map(({ name }) => name) ?? [];
        const old = names.filter((name) => Object.hasOwn(outOfUse, name));
        if (old.length === 0 || templateOf(rule.chain) !== null) continue;
        found.push({
          at: { family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line },
          rule,
          names: old,
        });
      }
    }
    const [first] = found;
    if (first === undefined) return known([]);
    const names = [...new Set(found.flatMap((one) => one.names))];
    const at = found.map((one) => one.at);
    return known([
      {
        id: fwStyle01.id,
        severity: 'info',
        certainty: 'certain',
        title: `${found.length} IPv${family} ${found.length === 1 ? 'rule uses' : 'rules use'} what is out of use: ${names.join(', ')}`,
        why: `They are ${sayFew(
          at.map((ref) => sayRef(subject.host, ref)),
          2,
        )}. ${names.map((name) => `For ${name} there is ${outOfUse[name]}`).join('; ')}.`.replace(
          /^They are/,
          found.length === 1 ? 'It is' : 'They are',
        ),
        family,
        at: at.slice(0, 64),
        causedBy: [],
        witness: null,
        fix: `The meaning stays the same. The first of them:\n${rewritten(ruleset, first.at, first.rule)}`,
        refs: fwStyle01.refs,
      },
    ]);
  });
}

function rewritten(ruleset: Ruleset, at: Located, of: Rule): string {
  const words = ruleWords(ruleText(ruleset, of));
  const text = words.flatMap((word, index) => {
    const before = words[index - 1];
    if (word === '--state' && before !== '--comment') return ['--ctstate'];
    if (before === '-m' && word === 'state') return ['conntrack'];
    if (before === '-j' && word === 'NOTRACK') return ['CT', '--notrack'];
    return [word];
  });
  const ulog = text.findIndex((word, index) => word === 'ULOG' && text[index - 1] === '-j');
  const now = ulog < 0 ? text : [...text.slice(0, ulog), 'NFLOG'];
  return command`${toolIn(at)} -R ${at.chain} ${at.rule} ${now}`;
}
