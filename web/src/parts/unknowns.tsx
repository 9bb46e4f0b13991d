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
        {byReason([...unread.map(({ what, ...reason }) => ({ id: what, ...reason })), ...unanswered]).map(
          ({ ids, why, remedy }) => (
            <Unknown key={`${why} ${remedy}`} names={ids} why={why} remedy={remedy} />
          ),
        )}
      </ul>
    </section>
  );
}

/** One missing right or tool leaves many checks without an answer: it is said once, as in the terminal. */
function byReason(unknown: StatusJson['unknown']): readonly { ids: string[]; why: string; remedy: string }[] {
  const reasons = new Map<string, { ids: string[]; why: string; remedy: string }>();
  for (const { id, why, remedy } of unknown) {
    const reason = reasons.get(`${why}\n${remedy}`) ?? { ids: [], why, remedy };
    if (!reason.ids.includes(id)) reason.ids.push(id);
    reasons.set(`${why}\n${remedy}`, reason);
  }
  return [...reasons.values()];
}

function Unknown({ names, why, remedy }: { names: readonly string[]; why: string; remedy: string }) {
  return (
    <li>
      <span class="question" aria-hidden="true">
        ?
      </span>
      <div class="names">
        {names.map((name) => (
          <b key={name}>{name}</b>
        ))}
      </div>
      <span>
        <Prose text={why} />
      </span>
      <span class="remedy">
        <Prose text={remedy} />
      </span>
    </li>
  );
}
