import type { RulesetJson, StatusJson } from '../../../src/verbs/shapes.ts';
import { Prose } from './prose.tsx';

/** What could not be told, and why. It never counts as good. */
export function Unknowns({ status, rules }: { status: StatusJson; rules: RulesetJson }) {
  const unread = rules.unknown;
  const unanswered = status.unknown;
  return (
    <section id="unknown" aria-labelledby="unknown-title">
      <h2 id="unknown-title">Unknown</h2>
      {unread.length + unanswered.length === 0 ? (
        <p class="empty">Nothing: every check could be answered, and everything it needs was read.</p>
      ) : null}
      <ul class="unknowns">
        {unread.map(({ what, why, remedy }) => (
          <Unknown key={what} name={what} why={why} remedy={remedy} />
        ))}
        {unanswered.map(({ id, why, remedy }) => (
          <Unknown key={`${id} ${why}`} name={id} why={why} remedy={remedy} />
        ))}
      </ul>
    </section>
  );
}

function Unknown({ name, why, remedy }: { name: string; why: string; remedy: string }) {
  return (
    <li>
      <span class="question" aria-hidden="true">
        ?
      </span>
      <b>{name}</b>
      <span>
        <Prose text={why} />
      </span>
      <span class="remedy">
        <Prose text={remedy} />
      </span>
    </li>
  );
}
