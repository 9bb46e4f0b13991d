import type { HostState } from '../state/index.ts';
import { type CheckMode, type CheckStatus, unknown, worstOf } from './mode.ts';
import { count, duration, listed } from './words.ts';

type Rule = Extract<HostState['rules'], { known: true }>['value'][number];

export const ruleHits: CheckMode = {
  name: 'rule-hits',
  summary: 'whether a rule has been hit, or has not: CRITICAL when it is not as expected, or is gone',
  measured: 'idle',
  measures: {
    'idle.RULE': 'seconds since a rule’s last packet, or since it was first seen',
    'hits.RULE': 'packets that a rule met',
    'hits_per_minute.RULE': 'packets a minute since a rule was first seen',
  },
  heeds: { rule: 'rules', expect: 'rules', within: 'rules' },
  run({ rules }, now, { rule: wanted, expect, within }) {
    if (wanted.length === 0) {
      return unknown({ why: 'no rule was named', remedy: 'add --rule with an id, a comment or a part of the rule’s text' });
    }
    if (!rules.known) return unknown(rules);
    const gone = wanted.filter((text) => !rules.value.some((rule) => isMeant(rule, text)));
    const meant = rules.value.filter((rule) => wanted.some((text) => isMeant(rule, text)));
    const wrong = meant.filter((rule) => isHit(rule, now, within) !== (expect === 'hit'));
    const time = within === null ? 'since it was first seen' : `in the last ${duration(within)}`;
    const statuses: CheckStatus[] = [gone.length > 0 || wrong.length > 0 ? 'CRITICAL' : 'OK'];
    const words = [
      ...(gone.length > 0 ? [`there is no rule ${listed(gone)}`] : []),
      ...(wrong.length > 0 ? [`${expect === 'hit' ? 'not hit' : 'hit'} ${time}: ${listed(wrong.map(nameOf))}`] : []),
    ];
    return {
      status: worstOf(statuses),
      text:
        words.length > 0 ? words.join('; ') : `${count(meant.length, 'rule')} ${expect === 'hit' ? 'hit' : 'not hit'} ${time}`,
      more: [...wrong, ...meant.filter((rule) => !wrong.includes(rule))].map((rule) => {
        const last = rule.lastHit === null ? 'never' : `${duration(now - rule.lastHit)} ago`;
        return `${rule.id} IPv${rule.family} ${rule.table}: ${rule.text}: ${count(rule.packets, 'packet')}, the last ${last}`;
      }),
      measures: meant.flatMap((rule) => {
        const seen = Math.max(0, now - rule.since);
        return [
          { label: `idle.${rule.id}`, value: Math.max(0, Math.round(now - (rule.lastHit ?? rule.since))), unit: 's' } as const,
          { label: `hits.${rule.id}`, value: rule.packets, unit: 'c' } as const,
          ...(seen < 1 ? [] : [{ label: `hits_per_minute.${rule.id}`, value: (rule.packets * 60) / seen, unit: '' } as const]),
        ];
      }),
    };
  },
};

function isMeant(rule: Rule, text: string): boolean {
  return rule.id === text || rule.comment === text || (text.length > 0 && rule.text.includes(text));
}

function isHit({ packets, lastHit }: Rule, now: number, within: number | null): boolean {
  if (within === null) return packets > 0 || lastHit !== null;
  return lastHit !== null && now - lastHit <= within;
}

function nameOf({ id, comment }: Rule): string {
  return comment === null || comment === '' ? id : `${id} (${comment})`;
}
