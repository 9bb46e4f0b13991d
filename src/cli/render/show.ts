import type { RulesetJson, ScriptStepJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { countShort, paintWords } from './words.ts';

interface Shown extends RulesetJson {
  readonly saves?: readonly string[] | undefined;
  readonly steps?: readonly ScriptStepJson[] | undefined;
}

/** With `--save` the texts that were read, byte for byte; else a table for every chain. */
export function whole(answer: Shown, view: View): string | Uint8Array {
  if (answer.saves !== undefined) return Buffer.from(answer.saves.join(''), 'latin1');
  const unknown = answer.unknown.map(({ what, why, remedy }) => paragraph(`${what}: ${why}; ${remedy}`, view, 0, 'UNKNOWN  '));
  const foreign = answer.foreign.map((chain) => paragraph(`${chain}: seen, not modelled`, view, 0, 'ALSO  '));
  const refused = (answer.steps ?? []).flatMap((step) => (step.outcome === 'failed' ? [refusalText(step, view)] : []));
  const none = answer.steps !== undefined && answer.families.length === 0 ? 'no command of iptables was followed\n' : '';
  const tables = answer.families
    .map((family) => familyText(family, answer.countedAt ?? answer.readAt, answer.foreign.length === 0, view))
    .join('\n');
  return tables + none + foreign.join('') + passedOver(answer.steps ?? [], view) + refused.join('') + unknown.join('');
}

function passedOver(steps: readonly ScriptStepJson[], view: View): string {
  const over = steps.filter(({ outcome }) => outcome === 'passed-over');
  if (over.length === 0) return '';
  const sets = over.filter(({ about }) => about === 'sets').length;
  const ofSets = sets === 0 ? '' : `, ${sets} of them of ipset`;
  const commands = over.length === 1 ? '1 command' : `${over.length} commands`;
  return paragraph(`passed over: ${commands} that change no rules${ofSets}; --json lists them`, view, 0, 'ALSO  ');
}

function refusalText({ line, command, problem, expected }: ScriptStepJson, view: View): string {
  const handled = expected ? '; the script reckons with that' : '';
  return paragraph(`line ${line}, ${command}: ${problem?.message}; ${problem?.hint}${handled}`, view, 0, 'REFUSED  ');
}

/** Whether anything is remembered of what rules have met. */
function isRemembered(chain: Chain): boolean {
  return chain.rules.some(({ met }) => met !== undefined);
}

function familyText(
  { family, source, backend, tables }: RulesetJson['families'][number],
  at: number,
  alone: boolean,
  view: View,
): string {
  const head = paragraph(paintWords('bold', `IPv${family}${backend === null ? '' : ` (${backend})`} from ${source}`, view), view);
  if (tables.length === 0) {
    return `${head}no tables: ${alone ? 'every packet is accepted' : 'only the chains of nft see packets, and they are not judged'}\n`;
  }
  return `${head}${tables.map((one) => one.chains.map((chain) => chainText(one.name, chain, at, view)).join('')).join('')}`;
}

type Chain = RulesetJson['families'][number]['tables'][number]['chains'][number];

function chainText(name: string, chain: Chain, at: number, view: View): string {
  const remembers = isRemembered(chain);
  const policy = chain.policy === null ? '' : `, policy ${chain.policy}`;
  const hits = chain.packets === null ? '' : `, ${countShort(chain.packets)} packets by policy`;
  const counted = chain.policy === null ? '' : hits;
  const head = `\n${paragraph(paintWords('bold', `${name} ${chain.name}${policy}${counted}`, view), view)}`;
  if (chain.rules.length === 0) return `${head}  no rules\n`;
  const rows = chain.rules.map((rule) => [
    { text: String(rule.number), style: 'dim' as const },
    countShort(rule.met?.packets ?? rule.packets),
    countShort(rule.met?.bytes ?? rule.bytes),
    ...(remembers ? [lastHit(rule, at)] : []),
    withoutChain(rule.text, chain.name),
    rule.notUnderstood.length === 0 ? '' : { text: rule.notUnderstood.join(', '), style: 'yellow' as const },
  ]);
  return (
    head +
    table(
      [
        { title: '#', align: 'right' },
        { title: 'PACKETS', align: 'right' },
        { title: 'BYTES', align: 'right' },
        ...(remembers ? [{ title: 'LAST HIT', align: 'right' as const }] : []),
        { title: 'RULE', grows: true },
        { title: 'NOT UNDERSTOOD', grows: true },
      ],
      rows,
      view,
      2,
    )
  );
}

/** How long ago, or for how long none came. */
function lastHit({ met }: Chain['rules'][number], at: number): string {
  if (met === undefined) return '';
  return met.lastHit === null ? `none in ${ageOf(at - met.since)}` : `${ageOf(at - met.lastHit)} ago`;
}

/** In the largest unit of which it is at least two. */
function ageOf(seconds: number): string {
  const [unit, of] = (
    [
      ['d', 86_400],
      ['h', 3600],
      ['min', 60],
    ] as const
  ).find(([, each]) => seconds >= 2 * each) ?? ['s', 1];
  return `${Math.max(0, Math.floor(seconds / of))} ${unit}`;
}

/** The heading says the chain already. */
function withoutChain(text: string, chain: string): string {
  const said = `-A ${chain} `;
  return text.startsWith(said) ? text.slice(said.length) : text === said.trimEnd() ? 'matches everything, does nothing' : text;
}
