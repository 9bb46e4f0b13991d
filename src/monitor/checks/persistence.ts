import { type CheckMode, unknown } from './mode.ts';
import { listed } from './words.ts';

export const persistence: CheckMode = {
  name: 'persistence',
  summary: 'whether the next start of the machine brings what is in force: WARNING if something else, CRITICAL if nothing',
  measured: 'boot_differs',
  measures: {
    boot_differs: 'families that the next start gives other rules',
    boot_missing: 'families that the next start leaves without rules',
  },
  heeds: {},
  run({ persistence: read }) {
    if (!read.known) return unknown(read);
    const of = (stands: (typeof read.value)[number]['stands']) => read.value.filter((one) => one.stands === stands);
    const names = (stands: (typeof read.value)[number]['stands']): string =>
      listed(of(stands).map(({ family }) => `IPv${family}`));
    const words = [
      ...(of('nothing-saved').length > 0 ? [`nothing is saved for ${names('nothing-saved')}`] : []),
      ...(of('differs').length > 0 ? [`the next start brings other rules for ${names('differs')}`] : []),
      ...(of('unknown').length > 0 ? [`unknown for ${names('unknown')}`] : []),
      ...(read.value.length === 0 ? ['nothing is known of any family'] : []),
    ];
    return {
      status: read.value.length === 0 || of('unknown').length > 0 ? 'UNKNOWN' : 'OK',
      text: words.length > 0 ? words.join('; ') : `the next start brings the same rules for ${names('same')}`,
      more: read.value.map(
        ({ family, source, stands, why }) => `IPv${family} from ${source}: ${stands}${why === null ? '' : `: ${why}`}`,
      ),
      measures: [
        { label: 'boot_differs', value: of('differs').length, unit: '', warning: '0' },
        { label: 'boot_missing', value: of('nothing-saved').length, unit: '', critical: '0' },
      ],
    };
  },
};
