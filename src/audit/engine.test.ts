import { expect, it } from 'vitest';
import { none } from '../analysis/space/index.ts';
import { createAsk } from './engine.ts';
import { exampleHost } from './example-host.ts';
import { filter } from './examples.ts';

/** Sources and ports that no order of bits makes small. */
const rules = Array.from(
  { length: 120 },
  (_, index) =>
    `-A INPUT -s ${(index * 37) % 223}.0.${index}.0/24 -p tcp -m tcp --sport ${(index * 7919) % 60_000} --dport ${(index * 104_729) % 60_000} -j DROP`,
);

it('a question over its budget is not asked twice, and leaves others something to be answered with', () => {
  const ask = createAsk(exampleHost({ v4: filter(rules) }), 3000);
  const liveness = ask(4, (engine) => engine.liveness().dead.length);
  expect(liveness).toMatchObject({ known: false, why: expect.stringMatching(/^undecided: .* more than [\d,]+ nodes$/) });
  const size = ask(4, ({ space }) => space.diagram.size);
  expect(ask(4, (engine) => engine.liveness().dead.length)).toEqual(liveness);
  expect(ask(4, ({ space }) => space.diagram.size)).toEqual(size);
  expect(ask(4, ({ firewall }) => firewall.possible('output') !== none)).toMatchObject({ known: true, value: true });
});
