/**
 * What is written from the verb objects: man pages, JSON Schemas and the completion of three shells; and from the checks: a
 * page each; from the detectors: one page. Also the units that restore the firewall when the machine starts.
 *
 * `documents` makes the texts and touches no file; `write.ts` puts them where packages expect them (`npm run docs`),
 * and a test fails when what lies there is not what would be written.
 */
import {
  banScript,
  banUnit,
  banUnitName,
  bootScript,
  bootUnits,
  catalogue,
  detections,
  prometheusFiles,
  zabbixFiles,
  zabbixItems,
} from '../../verbs/catalogue.ts';
import type { Verb } from '../../verbs/index.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { manualOf, verbManual } from './man.ts';
import { acceptedFileSchema, alertMessageSchema, configurationSchema, policyFileSchema, schemasOf } from './schema.ts';
import { zshCompletion } from './zsh.ts';

/** Folders that hold generated files and nothing else. */
export const generatedFolders = [
  'docs/man',
  'docs/schemas',
  'docs/checks',
  'packaging/completion',
  'packaging/systemd',
  'packaging/prometheus',
  'packaging/grafana',
  'packaging/zabbix',
] as const;

/** Every generated file's text, by its path in the project. */
export function documents(verbs: readonly Verb[]): ReadonlyMap<string, string> {
  return new Map([
    ['docs/man/palisade.1', manualOf(verbs)],
    ...verbs.map((verb) => [`docs/man/palisade-${verb.name}.1`, verbManual(verb)] as const),
    ...verbs.flatMap((verb) => schemasOf(verb).map(([name, text]) => [`docs/schemas/${name}`, text] as const)),
    ['docs/schemas/config.json', configurationSchema()],
    ['docs/schemas/accepted.json', acceptedFileSchema()],
    ['docs/schemas/policy.json', policyFileSchema()],
    ['docs/schemas/alert-message.json', alertMessageSchema()],
    ...[...catalogue()].map(([name, text]) => [`docs/checks/${name}`, text] as const),
    ['docs/detections.md', detections()],
    ['docs/zabbix-items.md', zabbixItems()],
    ['packaging/systemd/boot.sh', bootScript],
    ['packaging/systemd/bans.sh', banScript],
    [`packaging/systemd/${banUnitName}`, banUnit('/var/lib/palisade')],
    ...[...bootUnits('/var/lib/palisade')].map(([name, text]) => [`packaging/systemd/${name}`, text] as const),
    ...[...prometheusFiles(), ...zabbixFiles()].map(([name, text]) => [`packaging/${name}`, text] as const),
    ['packaging/completion/palisade.bash', bashCompletion(verbs)],
    ['packaging/completion/_palisade', zshCompletion(verbs)],
    ['packaging/completion/palisade.fish', fishCompletion(verbs)],
  ]);
}
