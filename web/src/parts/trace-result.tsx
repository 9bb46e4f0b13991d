import type { RulesetJson, TraceJson } from '../../../src/verbs/shapes.ts';
import { fateWords, type RuleName, ruleAnchor, visible } from '../words.ts';
import { Commands } from './commands.tsx';
import { RuleLink } from './rule-link.tsx';
import { Options, RuleText } from './rule-text.tsx';

/** Verdict, way and, where a stateful match decides, every ending. */
export function TraceResult({ trace, rules, command }: { trace: TraceJson; rules: RulesetJson; command: string | null }) {
  return (
    <div class="traced">
      <p class="fate">
        <Verdict verdict={trace.verdict} />
        {trace.decidedBy === null ? (
          <span>{trace.verdict === 'ACCEPT' ? 'No rule stands in its way.' : 'No one rule decides.'}</span>
        ) : (
          <span>
            {trace.verdict === 'DEPENDS' ? 'hangs on' : 'by'} <RuleLink name={trace.decidedBy} line={trace.line} />
          </span>
        )}
      </p>
      {trace.certainty === 'certain' ? null : (
        <p class="possible">
          {trace.certainty === 'possible' ? 'Only possible' : 'Unknown'}: it also meets {trace.beside.map(visible).join(', ')}
          {trace.certainty === 'possible' ? ', which may drop it.' : ', which may change it before.'}
        </p>
      )}
      {trace.verdict === 'DEPENDS' ? <Endings trace={trace} /> : null}
      <h3>Its way</h3>
      <ol class="path">
        {trace.path.map((step, index) => (
          <li key={index}>
            <RuleLink name={step} line={step.line} />
            <span class="effect">
              {step.maybe ? 'perhaps ' : ''}
              {step.effect}
            </span>
            <RuleText text={textOf(rules, step)} words={[]} />
          </li>
        ))}
      </ol>
      {trace.path.length === 0 ? <p class="empty">It meets no rule that matches it.</p> : null}
      {trace.assumed.length === 0 ? null : <p class="assumed">Taken for granted: {trace.assumed.map(visible).join('; ')}</p>}
      {command === null ? null : <Commands text={command} what="the command that asks the same" />}
    </div>
  );
}

function Endings({ trace }: { trace: TraceJson }) {
  return (
    <>
      <p>The packet alone does not decide; it depends on {trace.dependsOn.length === 1 ? 'this match' : 'these matches'}:</p>
      <ol class="endings">
        {trace.outcomes.map((ending) => {
          const when = Object.entries(ending.when);
          return (
            <li key={JSON.stringify(ending.when)}>
              <span>
                {when.length === 0 ? 'otherwise' : 'if '}
                {when.map(([match, matches], index) => (
                  <span key={match}>
                    {index === 0 ? '' : ' and '}
                    <code>
                      <Options text={visible(match)} words={[]} />
                    </code>{' '}
                    {matches ? 'matches' : 'does not match'}
                  </span>
                ))}
                :
              </span>{' '}
              <b>{visible(fateWords(ending.verdict, ending.decidedBy, []))}</b>
            </li>
          );
        })}
      </ol>
    </>
  );
}

export function Verdict({ verdict }: { verdict: string }) {
  const kind = verdict === 'ACCEPT' ? 'accept' : verdict === 'DROP' || verdict === 'REJECT' ? 'deny' : 'other';
  return <strong class={`fate-word ${kind}`}>{verdict}</strong>;
}

function textOf(rules: RulesetJson, step: RuleName): string {
  const anchor = ruleAnchor(step);
  for (const { family, tables } of rules.families) {
    if (family !== step.family) continue;
    for (const chain of tables.find(({ name }) => name === step.table)?.chains ?? []) {
      if (chain.name !== step.chain) continue;
      if (step.rule === 'policy') return `policy ${chain.policy ?? ''}`;
      return chain.rules.find(({ number }) => ruleAnchor({ ...step, rule: number }) === anchor)?.text ?? '';
    }
  }
  return '';
}
