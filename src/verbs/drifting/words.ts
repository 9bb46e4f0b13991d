import type { DriftDifference } from '../../change/index.ts';

/** One change, as a clause: `IPv4 filter INPUT: rule 1 was added: -A INPUT -j ACCEPT`. Where both backends hold rules, with which it is. */
export function changeWords(one: DriftDifference, both = false): string {
  const text = clauseOf(one);
  return both && 'backend' in one ? text.replace(/^IPv[46] /, (family) => `${family}${one.backend} `) : text;
}

function clauseOf(one: DriftDifference): string {
  switch (one.kind) {
    case 'rule-added':
      return `${placeOf(one)}: rule ${one.at} was added${whose(one, 'to')}: ${one.text}`;
    case 'rule-removed':
      return `${placeOf(one)}: rule ${one.at} is gone${whose(one)}: ${one.text}`;
    case 'rule-moved':
      return `${placeOf(one)}: rule ${one.from} has moved to ${one.at}${whose(one)}: ${one.text}`;
    case 'chain-added':
      return `${placeOf(one)}: the chain was made${whose(one)}`;
    case 'chain-removed':
      return `${placeOf(one)}: the chain is gone${whose(one)}`;
    case 'policy-changed':
      return `${placeOf(one)}: the policy is ${one.after} instead of ${one.before}${whose(one)}`;
    case 'table-added':
      return `IPv${one.family} ${one.table}: the table was made`;
    case 'table-removed':
      return `IPv${one.family} ${one.table}: the table is gone`;
    case 'backend-changed':
      return `IPv${one.family}: rules are in ${holderWords(one.after)} instead of ${holderWords(one.before)}`;
    case 'set-added':
      return `the set ${one.set} was made (${one.header})${whose(one)}`;
    case 'set-removed':
      return `the set ${one.set} is gone${whose(one)}`;
    case 'set-changed':
      return `the set ${one.set} is made otherwise: ${one.after} instead of ${one.before}${whose(one)}`;
    case 'members-changed':
      return `the set ${one.set}: ${membersWords(one)}${whose(one)}`;
    case 'hook-added':
      return `nft ${one.chain} was made: ${one.what}${whose(one)}`;
    case 'hook-removed':
      return `nft ${one.chain} is gone: ${one.what}${whose(one)}`;
    case 'hook-changed':
      return `nft ${one.chain} is ${one.after} instead of ${one.before}${whose(one)}`;
    case 'native-added':
      if (one.handle === 0) return `nft ${one.chain.trim()}: ${one.what}`;
      return `${one.chain}: nft made a rule by itself (handle ${one.handle}): ${one.what}`;
    case 'native-removed':
      if (one.handle === 0) return `nft ${one.chain.trim()} is awake again`;
      return `${one.chain}: a rule that nft made by itself is gone (handle ${one.handle}): ${one.what}`;
    case 'nft-changed':
      return `the nft table ${one.table} is another${whose(one)}`;
    default:
      return one satisfies never;
  }
}

function placeOf({ family, table, chain }: { readonly family: number; readonly table: string; readonly chain: string }): string {
  return `IPv${family} ${table} ${chain}`;
}

function whose({ owner }: DriftDifference, word: 'of' | 'to' = 'of'): string {
  switch (owner.kind) {
    case 'own':
      return word === 'to' ? ' to what is palisade’s' : ', which is palisade’s own';
    case 'program':
      return word === 'to' ? ` to what is ${owner.name}’s` : ` (${owner.name})`;
    case 'opening':
      return ' (palisade open)';
    case 'unknown':
      return '';
  }
}

function holderWords(holder: 'nft' | 'legacy' | 'both' | 'none'): string {
  return holder === 'both' ? 'both backends' : holder === 'none' ? 'no backend' : `the ${holder} backend`;
}

function membersWords({ added, removed }: Extract<DriftDifference, { kind: 'members-changed' }>): string {
  const named = ({ count, some }: typeof added): string =>
    `${some.join(', ')}${count > some.length ? ` and ${count - some.length} more` : ''}`;
  const parts = [
    ...(added.count > 0 ? [`${named(added)} ${added.count === 1 ? 'was' : 'were'} added`] : []),
    ...(removed.count > 0 ? [`${named(removed)} ${removed.count === 1 ? 'is' : 'are'} gone`] : []),
  ];
  return parts.join(', ');
}
