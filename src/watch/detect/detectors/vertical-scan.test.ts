import { expect, test } from 'vitest';
import { unknownSurroundings } from '../../index.ts';
import { createDetection } from '../detection.ts';
import { incidentsOf, series, start, takeAll } from '../made.fixture.ts';
import { verticalScan } from './vertical-scan.ts';

const begin = () => createDetection({ seed: 7, surroundings: unknownSurroundings, detectors: [verticalScan] });

test('many ports of one host within minutes are a scan, whose source is a suspect', () => {
  const said = takeAll(
    begin(),
    series(60, 1000, (each) => ({ dport: 1 + each })),
  );
  const [incident, ...others] = incidentsOf(said);
  expect(others).toEqual([]);
  expect(incident).toMatchObject({ detector: 'vertical-scan', state: 'open', spoofable: true, trusted: true, sourceCount: 1 });
  expect(incident?.evidence.at(0)).toMatch(/^line \d+ of 203\.0\.113\.9$/);
  expect(said.find(({ kind }) => kind === 'suspect')).toMatchObject({ detector: 'vertical-scan', weight: 1, trusted: true });
});

test('it is over when it has been quiet for ten minutes', () => {
  const detection = begin();
  takeAll(
    detection,
    series(60, 1000, (each) => ({ dport: 1 + each })),
  );
  const last = start + 59_000;
  expect(incidentsOf(detection.tick(last + 9 * 60_000))).toEqual([expect.objectContaining({ state: 'open', events: 60 })]);
  expect(incidentsOf(detection.tick(last + 10 * 60_000))).toEqual([expect.objectContaining({ state: 'closed', last })]);
});

test('a monitor that asks for three ports for ever, and a visitor of eight, are none', () => {
  const monitor = series(3000, 20_000, (each) => ({ src: '192.0.2.7', dport: [22, 80, 443][each % 3] as number }));
  const visitor = series(800, 5000, (each) => ({ src: '192.0.2.8', dport: 8000 + (each % 8) }));
  expect(
    takeAll(
      begin(),
      [...monitor, ...visitor].sort((one, other) => one.at - other.at),
    ),
  ).toEqual([]);
});
