import type { FindingJson } from '../../../src/verbs/shapes.ts';
import { fateWords, type PacketJson, packetWords, ruleAnchor, splitFix, visible } from '../words.ts';
import { Commands } from './commands.tsx';
import { CopyButton } from './copy.tsx';
import { Prose } from './prose.tsx';
import { RuleLink } from './rule-link.tsx';
import { SeverityWord } from './severity.tsx';

export function findingAnchor(index: number): string {
  return `finding-${index + 1}`;
}

interface FindingsProps {
  /** Whether any check could be answered. */
  answered: boolean;
  findings: readonly FindingJson[];
  onTrace: (packet: PacketJson) => void;
}

/** What is wrong, worst first; each with the packet that shows it. */
export function Findings({ answered, findings, onTrace }: FindingsProps) {
  return (
    <section id="findings" aria-labelledby="findings-title">
      <h2 id="findings-title">Findings</h2>
      {findings.length === 0 ? (
        <p class="empty">
          {answered ? 'No check that could be answered found anything wrong.' : 'No check could be answered: Unknown says why.'}
        </p>
      ) : null}
      <ol class="findings">
        {findings.map((finding, index) => (
          <Finding key={keyOf(finding)} finding={finding} index={index} onTrace={onTrace} />
        ))}
      </ol>
    </section>
  );
}

/** The same finding keeps its row, open or shut, from one reading to the next. */
function keyOf({ id, family, at, title }: FindingJson): string {
  return [id, family, title, ...at.map(ruleAnchor)].join(' ');
}

function Finding({ finding, index, onTrace }: { finding: FindingJson; index: number; onTrace: (packet: PacketJson) => void }) {
  const { witness } = finding;
  const { says, commands } = splitFix(finding.fix);
  return (
    <li class={`finding ${finding.severity}`} id={findingAnchor(index)}>
      <details open={index === 0}>
        <summary>
          <SeverityWord severity={finding.severity} />
          <span class="title">{visible(finding.title)}</span>
          <span class="id">
            {finding.family === null ? null : <span class="family">IPv{finding.family}</span>}
            {finding.id}
          </span>
          {witness === null ? null : (
            <span class="witness">
              {packetWords(witness.packet)} <b>{visible(fateWords(witness.verdict, witness.decidedBy, witness.dependsOn))}</b>.
            </span>
          )}
        </summary>
        <div class="body">
          <p>
            <Prose text={finding.why} />
          </p>
          {finding.certainty === 'certain' ? null : (
            <p class="possible">Possible, not certain: something that palisade cannot decide may make it untrue.</p>
          )}
          <dl class="about">
            {finding.at.length === 0 ? null : (
              <>
                <dt>Where</dt>
                <dd>
                  <Places places={finding.at} />
                </dd>
              </>
            )}
            {finding.causedBy.length === 0 ? null : (
              <>
                <dt>Caused by</dt>
                <dd>
                  <Places places={finding.causedBy} />
                </dd>
              </>
            )}
            <dt>Fix</dt>
            <dd>
              <p class="fix">
                <Prose text={says} />
              </p>
              {commands === '' ? null : <Commands text={commands} what={`the commands that mend ${finding.id}`} />}
              {commands === '' ? <CopyButton text={finding.fix} what={`the fix of ${finding.id}`} /> : null}
            </dd>
            {finding.refs.length === 0 ? null : (
              <>
                <dt>References</dt>
                <dd class="refs">
                  {finding.refs.map((ref) => (
                    <span key={ref}>{ref}</span>
                  ))}
                </dd>
              </>
            )}
          </dl>
          {witness === null ? null : (
            <button type="button" class="small" onClick={() => onTrace(witness.packet)}>
              Trace this packet
            </button>
          )}
        </div>
      </details>
    </li>
  );
}

function Places({ places }: { places: FindingJson['at'] }) {
  return (
    <ul class="places">
      {places.map((place) => (
        <li key={ruleAnchor(place)}>
          <RuleLink name={place} line={place.line} />
        </li>
      ))}
    </ul>
  );
}
