import { expect, it } from 'vitest';
import { isAroundRules } from './around-rules.ts';
import { checks } from './checks/index.ts';

it('checks that read neither packets nor rules are those of the machine', () => {
  const plain = checks.filter(({ kinds }) => !kinds.some((kind) => kind === 'S' || kind === 'Y')).map(({ id }) => id);
  expect(checks.map(({ id }) => id).filter(isAroundRules)).toEqual(plain);
});
