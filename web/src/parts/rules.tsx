import { useEffect, useMemo, useState } from 'preact/hooks';
import type { FindingJson, RulesetJson } from '../../../src/verbs/shapes.ts';
import { plural, ruleAnchor, visible } from '../words.ts';
import { Chain } from './chain.tsx';
import { findingAnchor } from './findings.tsx';
import type { RuleMark } from './marks.ts';
import { clockOf } from './verdict.tsx';

interface RulesProps {
  rules: RulesetJson;
  findings: readonly FindingJson[];
  /** Anchors of the rules on the way of the packet traced last. */
  path: ReadonlySet<string>;
}

/** The ruleset as it stands: families, tables, chains, rules, with what was found at each. */
export function Rules({ rules, findings, path }: RulesProps) {
  const [filter, setFilter] = useState('');
  const [onlyFound, setOnlyFound] = useState(false);
  const [onlyHit, setOnlyHit] = useState(false);
  const target = useTarget(() => {
    setFilter('');
    setOnlyFound(false);
    setOnlyHit(false);
  });
  // A family without rules has no row for the policy that a finding names; the family itself is then the nearest place.
  useEffect(() => {
    if (target === null || document.getElementById(target) !== null) return;
    document.getElementById(familyAnchor(target.startsWith('rule-6-') ? 6 : 4))?.scrollIntoView();
  }, [target]);
  const marks = useMemo(() => marksOf(findings), [findings]);
  const words = useMemo(
    () =>
      filter
        .toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== ''),
    [filter],
  );
  const narrowed = words.length > 0 || onlyFound || onlyHit;

  let all = 0;
  let kept = 0;
  const families = rules.families.map((family) => ({
    ...family,
    tables: family.tables.map((table) => ({
      ...table,
      chains: table.chains.map((chain) => {
        const shown = chain.rules.filter(
          (rule) =>
            (!onlyHit || (rule.packets ?? 0) > 0) &&
            (!onlyFound ||
              marks.has(ruleAnchor({ family: family.family, table: table.name, chain: chain.name, rule: rule.number }))) &&
            (words.length === 0 || includesAll(`${table.name} ${rule.text}`.toLowerCase(), words)),
        );
        all += chain.rules.length;
        kept += shown.length;
        return { chain, shown };
      }),
    })),
  }));

  return (
    <section id="rules" class="rules" aria-labelledby="rules-title">
      <div class="heading">
        <h2 id="rules-title">Rules</h2>
        <search class="filter">
          <label>
            <span class="hidden">Filter the rules</span>
            <input
              type="search"
              name="filter"
              placeholder="Filter: tcp dport 22"
              value={filter}
              onInput={(event) => setFilter(event.currentTarget.value)}
              autocomplete="off"
              spellcheck={false}
            />
          </label>
          <label class="check">
            <input type="checkbox" checked={onlyFound} onChange={(event) => setOnlyFound(event.currentTarget.checked)} />
            with findings
          </label>
          <label class="check">
            <input type="checkbox" checked={onlyHit} onChange={(event) => setOnlyHit(event.currentTarget.checked)} />
            hit
          </label>
          <span class="shown" role="status">
            {families.length === 0 ? '' : narrowed ? `${kept} of ${plural(all, 'rule')}` : plural(all, 'rule')}
          </span>
        </search>
      </div>
      {families.length === 0 ? <p class="empty">The rules of neither family were read: Unknown says why.</p> : null}
      {families.map(({ family, source, backend, tables }) => (
        <section key={family} id={familyAnchor(family)} class="family" aria-label={`IPv${family} rules`}>
          <h3>
            IPv{family}{' '}
            <span class="source">
              {backend === null ? visible(source) : `${backend}, ${visible(source)}`}
              {/* They are of the latest listing, however live everything beside them is. */}
              {tables.length === 0 ? null : `; packets and bytes as of ${clockOf(rules.countedAt)}`}
            </span>
          </h3>
          {tables.length === 0 ? (
            <p class="empty">
              <b>No rules at all.</b>{' '}
              {rules.foreign.length === 0
                ? `Every IPv${family} packet is accepted.`
                : 'What the nft chains do that iptables did not make is not judged.'}
            </p>
          ) : null}
          {tables.map((table) => (
            <div key={table.name} class={table.chains.length > 50 ? 'table many' : 'table'}>
              <h4>{visible(table.name)}</h4>
              {table.chains.map(({ chain, shown }) =>
                narrowed && shown.length === 0 ? null : (
                  <Chain
                    key={chain.name}
                    family={family}
                    table={table.name}
                    chain={chain}
                    shown={shown}
                    narrowed={narrowed}
                    words={words}
                    marks={marks}
                    path={path}
                    target={target}
                  />
                ),
              )}
            </div>
          ))}
        </section>
      ))}
      {narrowed && kept === 0 ? <p class="empty">No rule has all of this in it.</p> : null}
    </section>
  );
}

function familyAnchor(family: 4 | 6): string {
  return `rules-ipv${family}`;
}

function includesAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

function marksOf(findings: readonly FindingJson[]): ReadonlyMap<string, readonly RuleMark[]> {
  const marks = new Map<string, RuleMark[]>();
  findings.forEach((finding, index) => {
    const { id, severity, title } = finding;
    const put = (place: FindingJson['at'][number], role: RuleMark['role']): void => {
      const anchor = ruleAnchor(place);
      const there = marks.get(anchor) ?? [];
      there.push({ id, severity, title, role, href: `#${findingAnchor(index)}` });
      marks.set(anchor, there);
    };
    for (const place of finding.at) put(place, 'found');
    for (const place of finding.causedBy) put(place, 'cause');
  });
  return marks;
}

/**
 * The rule that the address bar's fragment names. When it is not on the page (filtered away, or far down in a long
 * chain), `makeRoom` is called; the chain that holds it then shows it.
 */
function useTarget(makeRoom: () => void): string | null {
  const [target, setTarget] = useState<string | null>(null);
  // makeRoom only sets states: whichever of its copies is called, it does the same.
  useEffect(() => {
    const onHash = (): void => {
      const anchor = location.hash.slice(1);
      if (!anchor.startsWith('rule-')) return;
      if (document.getElementById(anchor) === null) makeRoom();
      setTarget(anchor);
    };
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  return target;
}
