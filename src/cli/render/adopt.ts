import type { AdoptJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { heading, paintWords } from './words.ts';

/** So many lines of iptables are shown; `--json` tells all. */
const mostShown = 20;

export function whole(report: AdoptJson, view: View): string {
  const { policy, rules, asTerms, raw, families, idle, dead, beside, frozen } = report;
  const share = rules === 0 ? '' : ` (${Math.floor((100 * asTerms) / rules)} %)`;
  const proved = families.map((family) => `IPv${family}`).join(' and ');
  const unread = ([4, 6] as const).filter((family) => !families.includes(family));
  const rows = raw.slice(0, mostShown).map(({ family, table: of, line, text }) => [`IPv${family} ${of}`, String(line), text]);
  return [
    paragraph(paintWords('bold', `${policy}: written, and every packet of ${proved} is treated alike.`, view), view),
    paragraph(
      `${asTerms} of ${rules} rules${share} are said in the policy’s own words${raw.length > 0 ? `, ${raw.length} as lines of iptables` : ''}.${leftOut(idle, dead)}`,
      view,
    ),
    rows.length === 0
      ? ''
      : `${heading('As lines of iptables', view)}${table([{ title: '' }, { title: 'LINE', align: 'right' }, { title: 'RULE', grows: true }], rows, view)}`,
    raw.length > mostShown ? paragraph(`and ${raw.length - mostShown} more`, view) : '',
    ...unread.map((family) =>
      paragraph(`No rules of IPv${family} were given: of it the policy says what otherwise and basics say.`, view, 0, 'note: '),
    ),
    frozen.length === 0
      ? ''
      : paragraph(
          `The addresses of the set${frozen.length > 1 ? 's' : ''} ${frozen.join(', ')} stand in the policy as they are now.`,
          view,
          0,
          'note: ',
        ),
    beside.length === 0 ? '' : paragraph(`${beside.join(', ')} keep rules of their own here, which stay as they are.`, view),
    heading('Next', view),
    ...stepsOf(report).map((step, index) => paragraph(step, view, 0, `${index + 1}. `)),
  ].join('');
}

function leftOut(idle: number, dead: number): string {
  const parts = [...(idle > 0 ? [`${idle} that do nothing`] : []), ...(dead > 0 ? [`${dead} that no packet meets`] : [])];
  return parts.length === 0 ? '' : ` Left out: ${parts.join(' and ')}.`;
}

function stepsOf({ policy, inPlace, removalFile, removal, twice }: AdoptJson): readonly string[] {
  const file = policy === null ? 'the file' : policy;
  const steps = [`Read ${file}, and run palisade plan --policy ${file}: it says what would change.`];
  const off = inPlace.flatMap((one) => (one.off === null ? [] : [one.off]));
  const apply = `palisade apply --policy ${file}`;
  if (off.length > 0) {
    steps.push(
      `Run ${[...off, apply].join(' && ')}, and palisade confirm. Between the two the host is open for a moment: do it where that can be borne.`,
    );
    return steps;
  }
  steps.push(`Run ${apply}, and palisade confirm. Its rules come before the old ones, which nothing comes to any more.`);
  if (removal[4] === '' && removal[6] === '') return steps;
  steps.push(
    removalFile === null
      ? `Take the old rules away${twice ? ', since those of other tables than filter act twice until then' : ''}: run adopt again with --removal FILE --force, which writes a script that does.`
      : `Run sh ${removalFile}, which takes the old rules away${twice ? '; those of other tables than filter act twice until then' : ''}. Then take them out of what loads them at boot.`,
  );
  return steps;
}
