import type { AnnouncePartJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords } from './words.ts';

export function part(said: AnnouncePartJson, view: View): string {
  switch (said.kind) {
    case 'nothing':
      return paragraph(`${said.text.charAt(0).toUpperCase()}${said.text.slice(1)}.`, view);
    case 'announced': {
      const until = new Date(said.until * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
      const why = said.reason === null ? '' : ` (${said.reason})`;
      return paragraph(
        `A change by hand is announced until ${paintWords('bold', until, view)}${why}: until then nothing is put back. Run palisade change commit when it is done.`,
        view,
      );
    }
    case 'accepted': {
      const count = said.changes === null ? '' : `, ${said.changes} ${said.changes === 1 ? 'change' : 'changes'} since the last`;
      const own = said.own
        ? ' Some are to what is palisade’s own, and the policy does not say so: the next palisade apply makes it as the policy says.'
        : '';
      return paragraph(`Accepted as it stands${count}: drift is told by ${said.id.slice(0, 16)} from now on.${own}`, view);
    }
  }
}
