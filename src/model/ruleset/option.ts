import type { Option, ValueStyle, ValueType } from './extension.ts';

/**
 * Options of an extension, each written the way a manual page shows it:
 *
 * - `--name|--other-spelling` first: the spelling that `iptables-save` prints, then the others;
 * - then one word a value: `PORT` prints as it stands, `"TEXT"` by the quoting rule of iptables-save, `""TEXT""` always in quotes;
 * - `[RATE]` is a value that may be missing;
 * - `!` in front: may be inverted; `*` in front: iptables refuses the extension without it; `...` at the end: may be repeated.
 *
 * An option with values is followed by what each of them may be. They stand in the order in which `iptables-save` prints them.
 *
 * @example options(['! --dport|--destination-port PORTS', portRange], '--syn')
 */
export function options(...forms: readonly (string | readonly [form: string, ...types: ValueType[]])[]): readonly Option[] {
  return forms.map((form) => (typeof form === 'string' ? optionOf(form, []) : optionOf(form[0], form.slice(1) as ValueType[])));
}

function optionOf(form: string, types: readonly ValueType[]): Option {
  const [, marks = '', names = '', rest = ''] = /^([*! ]*)(--\S+)(.*)$/.exec(form) ?? [];
  const [name, ...aliases] = names.split('|');
  const words = rest.split(' ').filter((word) => word !== '');
  const values = words.filter((word) => word !== '...');
  if (name === undefined || name === '' || values.length > 2) throw new Error(`not an option as manuals show it: ${form}`);
  return {
    name,
    aliases,
    arity: values.length as 0 | 1 | 2,
    optional: values[0]?.startsWith('[') === true,
    invertible: marks.includes('!'),
    required: marks.includes('*'),
    repeatable: words.length > values.length,
    prints: styleOf(values[0] ?? ''),
    types,
  };
}

function styleOf(value: string): ValueStyle {
  return value.startsWith('""') ? 'quoted' : value.startsWith('"') ? 'string' : 'word';
}
