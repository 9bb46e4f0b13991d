import type { EventPartJson } from '../../verbs/index.ts';
import { oneLine } from './safe.ts';
import { clock } from './simulate.ts';
import { paragraph } from './table.ts';
import { eventWords } from './up.ts';
import type { View } from './view.ts';
import { placeWords, verdictWords } from './words.ts';

type Why = NonNullable<Extract<EventPartJson, { kind: 'event' }>['why']>;

/** A line an event, as in a log; below it, where that was asked for, which rule logged it. */
export function part(said: EventPartJson, view: View): string {
  if (said.kind === 'lost')
    return paragraph(
      view.paint('yellow', `${said.count} ${said.of} of ${said.source} were lost in this time before they could be kept.`),
      view,
    );
  const forgeable = said.trusted ? '' : `  ${view.paint('yellow', 'forgeable')}`;
  const time = view.paint('dim', `${clock(said.at)}Z`);
  const line = `${time}  ${said.what === 'packet' ? eventWords(said) : loginWords(said)}${forgeable}\n`;
  return said.why === undefined ? line : line + whyText(said.why, view);
}

function loginWords({ what, src, sport, prefix }: Extract<EventPartJson, { kind: 'event' }>): string {
  const from = src.includes(':') ? `[${src}]` : src;
  return `${oneLine(prefix)} ${what === 'failed-login' ? 'login failed' : 'login'} from ${sport === null ? src : `${from}:${sport}`}`;
}

function whyText({ rules, verdict, decidedBy, dependsOn, unknown }: Why, view: View): string {
  const because = unknown === null ? '' : ` (${unknown})`;
  if (rules.length === 0) return paragraph(view.paint('dim', unknown ?? 'none of the present rules logs it so'), view, 22);
  const by = rules.map(({ text, ...rule }) => `${placeWords(rule)}${text === null ? '' : ` (${text})`}`).join(', or ');
  const end =
    verdict === null
      ? 'what became of it is unknown'
      : verdict === 'DEPENDS'
        ? `what became of it depends on ${dependsOn.join(', ')}`
        : verdictWords(verdict, decidedBy);
  return paragraph(view.paint('dim', `by the present rules: logged by ${by}; ${end}${because}`), view, 22);
}
