import type { StatusJson } from '../../../src/verbs/shapes.ts';
import { countWords, plural, severities, splitFix, verdictWords, visible } from '../words.ts';
import { findingAnchor } from './findings.tsx';
import { Prose } from './prose.tsx';
import { SeverityMark } from './severity.tsx';

/** First of all: is this host protected, how bad is it, what to do now. */
export function Verdict({ status, problem, stale }: { status: StatusJson | null; problem: string | null; stale: boolean }) {
  if (status === null) {
    return (
      <section class="verdict waiting" aria-busy="true">
        <h1>{problem === null ? 'Reading the firewall …' : 'The firewall could not be read.'}</h1>
        <p class="counts">{problem ?? '\u00a0'}</p>
      </section>
    );
  }
  return (
    <section class={`verdict protected-${status.protected}`} aria-label="Verdict">
      <div class="told">
        <h1>
          {visible(status.host)}: <strong>{verdictWords(status)}</strong>
        </h1>
        <p class="counts">
          {severities
            .filter((severity) => status.counts[severity] > 0)
            .map((severity) => (
              <a
                key={severity}
                class={`tally ${severity}`}
                href={`#${findingAnchor(status.findings.findIndex((one) => one.severity === severity))}`}
              >
                <SeverityMark severity={severity} />
                <b>{status.counts[severity]}</b> {severity}
              </a>
            ))}
          {status.unknown.length > 0 ? (
            <a class="tally unknown" href="#unknown">
              <span class="question" aria-hidden="true">
                ?
              </span>
              <b>{status.unknown.length}</b> unknown
            </a>
          ) : null}
          {status.findings.length === 0 ? <span>No findings.</span> : null}
        </p>
        {problem === null ? null : <p class="problem">{problem}</p>}
        <dl class="facts">
          {/* What is unknown could only lower it. */}
          <Fact name="Score" value={scoreWords(status)} />
          <Fact name="Confidence" value={`${status.confidence} %`} title="Part of the checks that could be answered" />
          {([4, 6] as const).map((family) => (
            <Fact key={family} name={`IPv${family}`} value={familyWords(status, family)} />
          ))}
          <Fact
            name={stale ? 'Last read' : 'Read'}
            value={clockOf(status.readAt)}
            title={new Date(status.readAt * 1000).toISOString()}
          />
        </dl>
        <p class="only-reads">palisade only reads here. Nothing was changed.</p>
        {status.foreign.length === 0 ? null : (
          <p class="foreign">
            Seen but not judged: {plural(status.foreign.length, 'nft chain')} that iptables did not make:{' '}
            {status.foreign.map(visible).join(', ')}.
          </p>
        )}
      </div>
      <Next status={status} />
    </section>
  );
}

function Fact({ name, value, title }: { name: string; value: string; title?: string }) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Next({ status }: { status: StatusJson }) {
  return (
    <div class="next">
      <h2>Do next</h2>
      <ol>
        {status.next.map((step) => {
          const [, id, text] = /^(FW-[A-Z0-9-]+): ([\s\S]*)$/.exec(step) ?? [undefined, undefined, step];
          const index = status.findings.findIndex((finding) => finding.id === id);
          const { says } = splitFix(text ?? step);
          return (
            <li key={step}>
              {index < 0 ? null : <a href={`#${findingAnchor(index)}`}>{id}</a>} <Prose text={says} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function scoreWords({ score, unknown }: StatusJson): string {
  if (score === null) return 'none';
  return `${unknown.length > 0 ? 'at most ' : ''}${score} of 100`;
}

function familyWords(status: StatusJson, family: 4 | 6): string {
  const backend = status.backends[family];
  const rules = status.rules[family];
  if (rules === null) return 'not known';
  if (rules === 0) return backend === 'none' ? 'no rules' : `${backend}, no rules`;
  return `${backend}, ${countWords(rules)} ${rules === 1 ? 'rule' : 'rules'}`;
}

/** Local wall time of epoch seconds. */
export function clockOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB');
}
