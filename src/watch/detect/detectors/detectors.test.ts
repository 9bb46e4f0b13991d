import { expect, test } from 'vitest';
import { createDetection } from '../detection.ts';
import { unknownSurroundings } from '../surroundings.ts';
import { detectors } from './index.ts';

test('each detector is there once, and all find room beside one another', () => {
  const ids = detectors.map(({ id }) => id);
  expect([...new Set(ids)]).toEqual(ids);
  expect(() => createDetection({ seed: 1, surroundings: unknownSurroundings, capacity: 64 })).not.toThrow();
});

test('each says what to do, in whole sentences', () => {
  for (const { id, remedy } of detectors) expect(remedy, id).toMatch(/^[A-Z].{40,}\.$/);
  expect(new Set(detectors.map(({ remedy }) => remedy)).size).toBeGreaterThan(detectors.length / 2);
});
