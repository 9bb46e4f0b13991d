import type { BootRestoredJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';

const words: Readonly<Record<BootRestoredJson['kind'], string>> = {
  restored: 'The firewall that was confirmed last is restored.',
  there: 'The firewall is as it was confirmed; nothing was changed.',
  emergency: 'The firewall could not be restored as it was confirmed: emergency rules are there.',
  installed: 'From now on the machine restores the confirmed firewall whenever it starts.',
  removed: 'The machine restores nothing of palisade when it starts.',
};

export function whole({ kind, files, said }: BootRestoredJson, view: View): string {
  const list = files.map((file) => `  ${kind === 'removed' ? 'taken away' : 'written'}: ${file}\n`).join('');
  const lines = said.map((line) => paragraph(line, view)).join('');
  return `${lines}${paragraph(words[kind], view)}${list}`;
}
