import type { InitJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords } from './words.ts';

export function whole({ policy, text, tests, failing, sessions, unknown }: InitJson, view: View): string {
  // Nothing but the policy: it may go into a file.
  if (policy === '-') return text;
  const stays = sessions === null || sessions === 0 || failing.length > 0 ? '' : ', and whoever manages this host now stays in';
  const said = `${policy} is written: ${tests === 1 ? 'its test holds' : `its ${tests} tests hold`}${stays}.`;
  const rest = [
    ...failing.map(
      (one) => `Beside the other rules of this host it does not hold: ${one}; palisade apply refuses it until they go.`,
    ),
    ...unknown.map(({ what, why, remedy }) => `Unknown: ${what}: ${why}; ${remedy}.`),
    'Look at it, then see with palisade plan what it would change, and make it so with palisade apply.',
  ];
  return paragraph(paintWords('bold', said, view), view) + rest.map((one) => paragraph(one, view)).join('');
}
