import { ofHost } from './of-host.ts';
import { ofRules } from './of-rules.ts';
import { type Asked, type Mapping, type Reference, referenceText, type StandardKey, standards } from './standard.ts';

const mappings: Readonly<Record<string, Mapping>> = { ...ofRules, ...ofHost };

/** Every check that palisade knows of, written or not, in the order of their ids. */
export const mappedChecks: readonly string[] = Object.keys(mappings).sort();

/** The controls that a check answers to, in the order of the standards. Empty for ids that no standard asks for. */
export function referencesOf(id: string): readonly Reference[] {
  const mapping = Object.hasOwn(mappings, id) ? mappings[id] : undefined;
  if (mapping === undefined) return [];
  return (Object.keys(standards) as StandardKey[]).flatMap((standard) =>
    (mapping[standard] ?? []).map((asked) => reference(standard, asked)),
  );
}

function reference(standard: StandardKey, asked: Asked): Reference {
  const { version, recalled }: { version: string | null; recalled?: true } = standards[standard];
  const control = controlOf(asked);
  return { standard, version, control, ...((recalled || typeof asked !== 'string') && { recalled: true }) };
}

function controlOf(asked: Asked): string {
  return typeof asked === 'string' ? asked : asked.recalled;
}

/** The same as findings carry it: `CIS Debian 12 4.4.2.2`. */
export function standardsOf(id: string): readonly string[] {
  return referencesOf(id).map(referenceText);
}

/** What a check's findings refer to: the table's controls; where it has none, what the check itself names. */
export function refsOf({ id, refs }: { readonly id: string; readonly refs: readonly string[] }): readonly string[] {
  const mapped = standardsOf(id);
  return mapped.length === 0 ? refs : mapped;
}

/** The checks that answer to a control. */
export function checksFor(standard: StandardKey, control: string): readonly string[] {
  return mappedChecks.filter((id) => (mappings[id]?.[standard] ?? []).some((asked) => controlOf(asked) === control));
}

/** Every control of a standard that some check answers to, each once. */
export function mappedControls(standard: StandardKey): readonly string[] {
  return [...new Set(mappedChecks.flatMap((id) => (mappings[id]?.[standard] ?? []).map(controlOf)))];
}
