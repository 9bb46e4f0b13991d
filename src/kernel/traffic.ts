import type { TextRead } from '../model/host/index.ts';
import { type Reading, readBy } from './reading.ts';
import type { Run } from './run.ts';

/** Queueing disciplines that have no filters (their modules have no tcf_block); the usual ones of links. */
const withoutFilters = new Set(['noop', 'noqueue', 'pfifo', 'pfifo_fast', 'bfifo', 'fq', 'mq', 'mqprio', 'tbf', 'netem']);

/** A link's name as a word of a `tc` batch; others could be read as something else there. */
const word = /^[\w.@:+-]+$/;

/**
 * Queueing disciplines and their filters, which see packets before (ingress) or after (egress) all rules and may drop or
 * send them elsewhere: first a line with `tc -j qdisc show`, then for each place where filters can be one line with the
 * question (`filter show dev eth0 ingress`) and one with the answer.
 */
export async function readTraffic(run: Run, signal?: AbortSignal): Promise<TextRead> {
  // A link may go between the two listings; then both are read again, once.
  for (let again = 0; ; again += 1) {
    const qdiscs = await readBy(run, { argv: ['tc', '-j', 'qdisc', 'show'] }, signal);
    if (!qdiscs.read) return qdiscs;
    const questions = placesOf(qdiscs.text).map(({ dev, side }) => ({ dev, line: `filter show dev ${dev}${side}` }));
    const odd = questions.find(({ dev }) => !word.test(dev));
    if (odd !== undefined) {
      const detail = `a link has the name ${JSON.stringify(odd.dev)}, which tc cannot be asked about`;
      return { read: false, why: 'failed', tool: 'tc', detail };
    }
    const first = oneLine(qdiscs.text);
    if (questions.length === 0) return { ...qdiscs, text: first };
    const input = questions.map(({ line }) => `${line}\n`).join('');
    const batch: Reading = { argv: ['tc', '-j', '-batch', '-'], input, timeoutMs: 30_000, gentle: true };
    const filters = await readBy(run, batch, signal);
    const answers = filters.read ? filters.text.split('\n').filter((line) => line.trim() !== '') : [];
    if (filters.read && answers.length === questions.length) {
      return { ...qdiscs, text: [first, ...questions.flatMap(({ line }, index) => [line, answers[index]])].join('\n') };
    }
    if (again > 0) {
      return filters.read ? { read: false, why: 'failed', tool: 'tc', detail: 'tc did not answer every question' } : filters;
    }
  }
}

interface Place {
  readonly dev: string;
  /** With a blank before it; nothing for the root. */
  readonly side: '' | ' ingress' | ' egress';
}

function placesOf(text: string): readonly Place[] {
  let qdiscs: readonly { readonly kind?: string; readonly dev?: string; readonly root?: boolean }[];
  try {
    qdiscs = JSON.parse(text);
  } catch {
    // Whoever understands the text will say that it is no JSON.
    return [];
  }
  return qdiscs.flatMap(({ kind = '', dev = '', root }): readonly Place[] => {
    if (kind === 'ingress') return [{ dev, side: ' ingress' }];
    if (kind === 'clsact') {
      return [
        { dev, side: ' ingress' },
        { dev, side: ' egress' },
      ];
    }
    return root === true && !withoutFilters.has(kind) ? [{ dev, side: '' }] : [];
  });
}

function oneLine(text: string): string {
  return text.trim().replaceAll('\n', ' ');
}
