import { type RuleName, ruleAnchor, ruleWords, visible } from '../words.ts';

export function RuleLink({ name, line }: { name: RuleName; line?: number | null }) {
  return (
    <a class="rule-link" href={`#${ruleAnchor(name)}`} title={line == null ? undefined : `line ${line} of the ruleset`}>
      {visible(ruleWords(name))}
    </a>
  );
}
