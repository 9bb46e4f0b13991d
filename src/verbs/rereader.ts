import { type KeptTexts, type Kernel, type Namespace, nftTexts } from '../kernel/index.ts';
import type { HostTexts } from '../model/host/index.ts';

/** One reading of many. */
export interface Reading {
  readonly texts: HostTexts;
  /** Epoch milliseconds at which the counters of the rules were read; before `texts.readAt` where the rules were kept. */
  readonly countedAt: number;
}

/** What package managers know changes a few times a day, and asking them costs more than all else. */
const softwareKeptMs = 3_600_000;

/** Rules of nf_tables that are listed at every reading, for their counters' sake; more than these only once they change. */
const listedAnew = 5_000;

/**
 * Reads one machine or namespace again and again, and lists the rules of nf_tables again only when they are few or changed.
 * Listing a chain of nf_tables takes the kernel time that grows with the square of its rules, and the machine's own work
 * waits meanwhile; the number of their last change is one question. It cannot be asked everywhere: then all is always read.
 * Measured with 50,000 rules on two busy cores: the first reading 1.2 s, those that keep the rules 0.3 s.
 */
export function createRereader(kernel: Kernel, signal: AbortSignal, namespace?: Namespace): () => Promise<Reading> {
  let last: { readonly reading: Reading; readonly generation: number } | null = null;
  let asked: HostTexts | null = null;
  let before = 0;
  return async () => {
    const generation = await kernel.generation(namespace);
    const same = last !== null && last.generation === generation ? last.reading : null;
    const kept = same !== null && isBig(same.texts) ? keptOf(same.texts) : null;
    // By the time of the reading before, which is one round late at most.
    const said = asked !== null && Math.abs(before - asked.readAt) < softwareKeptMs ? asked.software : null;
    const texts = await kernel.read({
      ...(namespace && { namespace }),
      signal,
      ...(kept && { kept }),
      software: said ?? true,
    });
    if (said === null) asked = texts;
    before = texts.readAt;
    const reading = { texts, countedAt: kept === null || same === null ? texts.readAt : same.countedAt };
    // A change while they were read may be in one of the texts and not in another.
    const still = generation !== null && (await kernel.generation(namespace)) === generation;
    last = still && nftTexts.every((name) => settled(texts.texts[name])) ? { reading, generation } : null;
    return reading;
  };
}

/** What was cut short, or failed, is tried again. */
function settled(text: HostTexts['texts']['nftSave4']): boolean {
  return text.read || text.why === 'unused' || text.why === 'too-large' || text.why === 'missing';
}

function keptOf({ texts }: HostTexts): KeptTexts {
  return Object.fromEntries(nftTexts.map((name) => [name, texts[name]]));
}

function isBig({ texts }: HostTexts): boolean {
  let lines = 0;
  for (const text of [texts.nftSave4, texts.nftSave6]) {
    if (!text.read) continue;
    for (let at = text.text.indexOf('\n'); at >= 0 && lines <= listedAnew; at = text.text.indexOf('\n', at + 1)) lines += 1;
  }
  return lines > listedAnew;
}
