import { useEffect, useRef, useState } from 'preact/hooks';
import type { RulesetJson } from '../../../src/verbs/shapes.ts';
import { byteWords, countWords, plural, type RuleName, ruleAnchor, severities, visible } from '../words.ts';
import type { RuleMark } from './marks.ts';
import { RuleText } from './rule-text.tsx';
import { ScrollBox } from './scroll-box.tsx';
import { SeverityMark } from './severity.tsx';
import { Verdict } from './trace-result.tsx';

export type ChainJson = RulesetJson['families'][number]['tables'][number]['chains'][number];

/** Rows drawn at first, and added by each press of the button: a chain may have 100,000 rules. */
const rowsAtOnce = 200;

interface ChainProps {
  family: 4 | 6;
  table: string;
  chain: ChainJson;
  /** Its rules that the filter leaves. */
  shown: ChainJson['rules'];
  narrowed: boolean;
  words: readonly string[];
  marks: ReadonlyMap<string, readonly RuleMark[]>;
  path: ReadonlySet<string>;
  target: string | null;
}

export function Chain({ family, table, chain, shown, narrowed, words, marks, path, target }: ChainProps) {
  const [limit, setLimit] = useState(rowsAtOnce);
  const row = useRef<HTMLTableRowElement>(null);
  const name = (rule: RuleName['rule']): string => ruleAnchor({ family, table, chain: chain.name, rule });
  const place = target?.startsWith(name('policy').slice(0, -'policy'.length))
    ? shown.findIndex(({ number }) => name(number) === target)
    : -1;

  useEffect(() => {
    if (place >= limit) setLimit(place + rowsAtOnce);
    else row.current?.scrollIntoView({ block: 'center' });
  }, [target, place, limit]);

  const hidden = shown.length - limit;
  return (
    <div class="chain">
      <h5>
        <code>{visible(chain.name)}</code>
        <span>
          {chain.policy === null ? 'own chain' : 'built-in chain'}, {plural(chain.rules.length, 'rule')}
        </span>
      </h5>
      {shown.length === 0 && chain.policy === null ? <p class="empty">Empty: packets return to where they came from.</p> : null}
      <ScrollBox class="box" label={`Rules of chain ${visible(chain.name)} in IPv${family} ${table}`}>
        <table>
          <thead class={shown.length === 0 ? 'hidden' : undefined}>
            <tr>
              <th scope="col" class="number">
                #
              </th>
              <th scope="col" class="number">
                Packets
              </th>
              <th scope="col" class="number">
                Bytes
              </th>
              <th scope="col">Rule</th>
              <th scope="col">Findings</th>
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, limit).map((rule) => {
              const anchor = name(rule.number);
              return (
                <tr
                  key={rule.number}
                  id={anchor}
                  ref={anchor === target ? row : null}
                  class={[path.has(anchor) ? 'on-path' : '', worstOf(marks.get(anchor)), anchor === target ? 'target' : '']
                    .join(' ')
                    .trim()}
                >
                  <th scope="row" class="number">
                    <a href={`#${anchor}`} title={`line ${rule.line}`}>
                      {rule.number}
                    </a>
                  </th>
                  <td class="number">{countWords(rule.packets)}</td>
                  <td class="number">{byteWords(rule.bytes)}</td>
                  <td class="rule">
                    <RuleText text={rule.text} words={words} />
                    {rule.notUnderstood.length === 0 ? null : (
                      <span class="not-understood">
                        <span class="question" aria-hidden="true">
                          ?
                        </span>
                        not understood: {rule.notUnderstood.map(visible).join(', ')}
                      </span>
                    )}
                  </td>
                  <td class="marks">
                    <Marks marks={marks.get(anchor)} onPath={path.has(anchor)} />
                  </td>
                </tr>
              );
            })}
            {chain.policy === null || narrowed ? null : (
              <tr
                id={name('policy')}
                ref={name('policy') === target ? row : null}
                class={[
                  'policy',
                  path.has(name('policy')) ? 'on-path' : '',
                  worstOf(marks.get(name('policy'))),
                  name('policy') === target ? 'target' : '',
                ]
                  .join(' ')
                  .trim()}
              >
                <th scope="row" class="number">
                  <a href={`#${name('policy')}`}>*</a>
                </th>
                <td class="number">{countWords(chain.packets)}</td>
                <td class="number">{byteWords(chain.bytes)}</td>
                <td class="rule">
                  policy <Verdict verdict={chain.policy} /> for what no rule decided
                </td>
                <td class="marks">
                  <Marks marks={marks.get(name('policy'))} onPath={path.has(name('policy'))} />
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </ScrollBox>
      {hidden > 0 ? (
        <button type="button" class="small" onClick={() => setLimit(limit + rowsAtOnce)}>
          Show {countWords(Math.min(hidden, rowsAtOnce))} more of {countWords(hidden)}
        </button>
      ) : null}
    </div>
  );
}

/** The worst finding that is about the rule, as a class name; rules that only cause one are not tinted. */
function worstOf(marks: readonly RuleMark[] | undefined): string {
  const found = marks?.filter(({ role }) => role === 'found') ?? [];
  const worst = severities.find((severity) => found.some((mark) => mark.severity === severity));
  return worst === undefined ? '' : `found ${worst}`;
}

function Marks({ marks = [], onPath }: { marks?: readonly RuleMark[] | undefined; onPath: boolean }) {
  return (
    <>
      {onPath ? <span class="way">traced</span> : null}
      {marks.map(({ id, severity, title, role, href }) => (
        <a key={`${href} ${role}`} class={severity} href={href} title={role === 'cause' ? `causes: ${title}` : title}>
          <SeverityMark severity={severity} />
          {role === 'cause' ? 'causes ' : ''}
          {id}
        </a>
      ))}
    </>
  );
}
