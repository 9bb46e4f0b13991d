import type { z } from 'zod';
import manifest from '../../../package.json' with { type: 'json' };
import { settings, variableOf } from '../../verbs/config/index.ts';
import { wholeSchema } from '../../verbs/config/whole.ts';
import type { Verb } from '../../verbs/index.ts';
import { everywhere, exitMeanings, groupTitles } from '../everywhere.ts';
import { type Flag, flagsOf, spelled } from '../flag.ts';
import { furtherSettings } from './further.ts';

/** palisade(1): what there is, and what holds for every verb. */
export function manualOf(verbs: readonly Verb[]): string {
  const groups = Object.entries(groupTitles).flatMap(([group, title]) => {
    const members = verbs.filter((verb) => verb.group === group);
    return members.length === 0
      ? []
      : [`.SS ${title}`, ...members.map((verb) => tagged(bold(verb.name), plain(`${upperFirst(verb.summary)}.`)))];
  });
  return page('palisade', [
    section('NAME', [`palisade \\- ${plain(lowerFirst(manifest.description))}`]),
    section('SYNOPSIS', [`${bold('palisade')} [${italic('verb')}] [${italic('flags')}]`]),
    section('DESCRIPTION', [
      plain('palisade reads the firewall of this host, or of files, and says what it does to packets and what is wrong with it.'),
      plain('Without a verb it is palisade status. Each verb has a page of its own, such as palisade-audit(1).'),
    ]),
    section('VERBS', groups),
    section('OPTIONS', everywhereOptions([])),
    section(
      'EXIT STATUS',
      Object.entries(exitMeanings).map(([code, says]) => tagged(bold(code), plain(says))),
    ),
    section('CONFIGURATION', [
      plain(
        'A flag wins over an environment variable, that over the configuration file, that over the default. The file is YAML:',
      ),
      ...settings.flatMap((setting) => {
        const { path, type } = setting;
        const further = wholeSchema.shape[path[0] as 'alerts' | 'reports'];
        if (path.length === 1 && (path[0] === 'alerts' || path[0] === 'reports'))
          return furtherSettings(further, path[0]).map(({ name, type: one }) => settingText([name], one));
        const variable = variableOf(setting);
        return [settingText([path.join('.'), ...(variable === null ? [] : [variable])], type)];
      }),
      '.PP',
      plain(
        'A name with dots is one within another: drift: { action: restore }. NAME is a name of your own, and routes, escalations and the like are lists.',
      ),
    ]),
    section('ENVIRONMENT', [
      tagged(bold('PALISADE_CONFIG'), plain('The configuration file, when --config does not name one.')),
      tagged(bold('PALISADE_DEBUG'), plain('Set to 1, a fault of palisade is logged with where it happened.')),
      tagged(bold('NO_COLOR'), plain('Set to anything, nothing is coloured unless the setting color says always.')),
    ]),
    section('FILES', [
      tagged(italic('/etc/palisade/config.yaml'), plain('The configuration.')),
      tagged(italic('/etc/palisade/policy.yaml'), plain('The policy.')),
      tagged(italic('/var/lib/palisade'), plain('What palisade keeps.')),
    ]),
    seeAlso(['iptables(8)', 'nft(8)', 'ipset(8)', ...verbs.map((verb) => `palisade-${verb.name}(1)`)]),
  ]);
}

function settingText(names: readonly string[], type: z.ZodType): string {
  const fallback = type.safeParse(undefined).data;
  const shown = Array.isArray(fallback) && fallback.length === 0 ? undefined : fallback;
  const otherwise = shown === undefined ? '' : ` Default: ${Array.isArray(shown) ? shown.join(', ') : String(shown)}.`;
  return tagged(names.map(bold).join(', '), plain(`${type.description ?? ''}${otherwise}`));
}

/** palisade-VERB(1). */
export function verbManual(verb: Verb): string {
  const flags = flagsOf(verb).filter((flag) => flag.hidden !== true);
  const words = flags.filter((flag) => flag.positional);
  const synopsis = [
    bold('palisade'),
    bold(verb.name),
    `[${italic('flags')}]`,
    ...words.map((flag) => italic(flag.required ? flagValue(flag) : `[${flagValue(flag)}]`)),
  ];
  return page(`palisade-${verb.name}`, [
    section('NAME', [`palisade\\-${verb.name} \\- ${plain(verb.summary)}`]),
    section('SYNOPSIS', [synopsis.join(' ')]),
    section('DESCRIPTION', paragraphs(verb.description)),
    section('OPTIONS', flags.map(flagText)),
    section('OPTIONS OF EVERY VERB', everywhereOptions(flags)),
    section(
      'EXIT STATUS',
      Object.entries(verb.exits).map(([code, says]) => tagged(bold(code), plain(`${upperFirst(says)}.`))),
    ),
    section(
      'EXAMPLES',
      verb.examples.map(({ command, says }) =>
        tagged(bold(command), plain(`${upperFirst(says)}${/[.?!]$/.test(says) ? '' : '.'}`)),
      ),
    ),
    seeAlso(['palisade(1)']),
  ]);
}

function page(name: string, sections: readonly string[]): string {
  const { version } = manifest;
  return `.\\" Written by npm run docs from the verbs of palisade. Do not edit.\n.TH ${plain(name).toUpperCase()} 1 "" "palisade ${version}" "palisade"\n${sections.join('')}`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `.SH ${title}\n${lines.join('\n')}\n`;
}

function seeAlso(pages: readonly string[]): string {
  const references = pages.map((page) => {
    const [, name = '', number = ''] = /^(.*)\((\d)\)$/.exec(page) ?? [];
    return `.BR ${plain(name)} (${number})`;
  });
  return `.SH SEE ALSO\n${references.join(' ,\n')}\n`;
}

function flagText(flag: Flag): string {
  const short = flag.short === undefined ? '' : `${bold(`-${flag.short}`)}, `;
  const name =
    flag.kind === 'switch'
      ? `${short}${bold(spelled(flag))}`
      : flag.positional
        ? italic(flagValue(flag))
        : `${short}${bold(spelled(flag))} ${italic(flagValue(flag))}`;
  const choices = flag.choices.length === 0 ? '' : ` One of ${flag.choices.join(', ')}.`;
  const shown =
    flag.default === undefined || flag.kind === 'switch' || (Array.isArray(flag.default) && flag.default.length === 0);
  const fallback = shown ? '' : ` Default: ${String(flag.default)}.`;
  const help = flag.negated ? `Do not: ${lowerFirst(flag.help)}` : flag.help;
  return tagged(name, plain(`${help}.${choices}${fallback}${flag.repeats ? ' May be given several times.' : ''}`));
}

function everywhereOptions(own: readonly Flag[]): string[] {
  const taken = new Set(own.map((flag) => flag.name));
  const options = everywhere.filter(({ name }) => !taken.has(name.replace(/^no-/, '')));
  return [
    ...options.map(({ name, value, help }) =>
      tagged(value === undefined ? bold(`--${name}`) : `${bold(`--${name}`)} ${italic(value)}`, plain(`${help}.`)),
    ),
    tagged(`${bold('-h')}, ${bold('--help')}`, plain('Print help.')),
  ];
}

function flagValue(flag: Flag): string {
  return flag.value ?? flag.name.toUpperCase();
}

/** A paragraph macro stands between two paragraphs only. */
function paragraphs(text: string): string[] {
  return text.split(/\n{2,}/).flatMap((paragraph, index) => [...(index === 0 ? [] : ['.PP']), plain(paragraph)]);
}

function tagged(tag: string, text: string): string {
  return `.TP\n${tag}\n${text}`;
}

function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`;
}

function italic(text: string): string {
  return `\\fI${plain(text)}\\fR`;
}

/** Text as roff: nothing in it is a request or an escape, hyphens can be copied, and the page is ASCII. */
function plain(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\n\x20-\x7e]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
  return escaped.replace(/^(?=[.'])/gm, '\\&');
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
