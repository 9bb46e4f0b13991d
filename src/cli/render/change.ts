import type { ChangePartJson } from '../../verbs/index.ts';
import { whole as planText } from './plan.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords } from './words.ts';

export function part(said: ChangePartJson, view: View): string {
  switch (said.kind) {
    case 'nothing':
      return paragraph(`${capital(said.text)}.`, view);
    case 'note':
      return paragraph(said.text, view, 0, 'note: ');
    case 'changed': {
      const { tables, sets, seconds } = said;
      const made = sets === 0 ? '' : ` and ${sets} new ${sets === 1 ? 'set' : 'sets'}`;
      const wait =
        seconds === null
          ? ''
          : ` ${paintWords('bold', `Open a new connection and run palisade confirm there within ${seconds} seconds, or this undoes itself.`, view)}`;
      return paragraph(`The rules are changed: ${tables} ${tables === 1 ? 'table' : 'tables'}${made}.${wait}`, view);
    }
    case 'confirmed':
      return paragraph(
        `Confirmed${said.by === null ? '' : ` by a new connection from ${said.by}`}: the change stays.${said.boot === null ? '' : ` ${said.boot}`}`,
        view,
      );
    case 'left':
      return paragraph(
        `The rules stay, and are palisade's no longer. ${said.files.join(', ')} hold them for netfilter-persistent (packages iptables-persistent and ipset-persistent).`,
        view,
      );
    case 'past':
      return `${said.id}${said.policy === null ? '' : `  ${said.policy}`}\n`;
    case 'plan':
      return planText(said.plan, view);
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
