import { isChosen, missing } from './chosen.ts';
import { type CheckMode, unknown } from './mode.ts';
import { count, listed, percent } from './words.ts';

export const ipset: CheckMode = {
  name: 'ipset',
  summary: 'how full each set is: WARNING from 80 %, CRITICAL from 95 %, and where a set is gone that was asked for by name',
  measured: 'fill',
  measures: { 'fill.SET': 'percent of what a set takes', 'entries.SET': 'its entries' },
  heeds: { only: 'sets', except: 'sets' },
  run({ sets }, _, options) {
    if (!sets.known) return unknown(sets);
    const gone = missing(
      sets.value.map(({ name }) => [name]),
      options,
    );
    const chosen = sets.value
      .filter(({ name }) => isChosen([name], options))
      .map((set) => ({ ...set, fill: set.most === null ? null : percent(set.entries, set.most) }))
      .toSorted((a, b) => (b.fill ?? -1) - (a.fill ?? -1));
    const [fullest] = chosen;
    const words = [
      ...(gone.length > 0 ? [`there is no set ${listed(gone)}`] : []),
      count(chosen.length, 'set'),
      ...(fullest !== undefined && fullest.fill !== null ? [`the fullest is ${fullest.name} with ${fullest.fill} %`] : []),
    ];
    return {
      status: gone.length > 0 ? 'CRITICAL' : 'OK',
      text: words.join('; '),
      more: chosen.map(
        ({ name, type, entries, most, fill }) =>
          `${name} (${type}): ${entries}${most === null ? '' : ` of ${most}`}${fill === null ? '' : `, ${fill} %`}`,
      ),
      measures: chosen.flatMap(({ name, entries, most, fill }) => [
        ...(fill === null ? [] : [{ label: `fill.${name}`, value: fill, unit: '%', warning: '80', critical: '95' } as const]),
        { label: `entries.${name}`, value: entries, unit: '', least: 0, ...(most !== null && { most }) } as const,
      ]),
    };
  },
};
