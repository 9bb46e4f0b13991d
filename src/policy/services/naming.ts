import { catalogue } from './catalogue.ts';

/** A port that somebody listens on. */
export interface Port {
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
  /** `null` where it cannot be seen. */
  readonly process: string | null;
}

/** Ports under the one word by which a policy names them: a name of the catalogue, or `8443/tcp`. */
export interface Named {
  readonly service: string;
  readonly ports: readonly Port[];
}

/**
 * Names what listens. A name stands only where all that it means is listening, so that it opens nothing else; the name that covers most
 * comes first. Where several mean the same port, the process tells which, and else the port stands by itself.
 */
export function nameServices(listening: readonly Port[]): readonly Named[] {
  const left = new Map(listening.map((port) => [wordOf(port), port]));
  const named: Named[] = [];
  const candidates = Object.entries(catalogue)
    .map(([service, text]) => ({ service, words: text.split(' ') }))
    .filter(({ words }) => words.every((word) => /^\d+\/(tcp|udp)$/.test(word)))
    .sort((one, other) => other.words.length - one.words.length);
  for (const { service, words } of candidates) {
    const ports = words.flatMap((word) => left.get(word) ?? []);
    if (ports.length < words.length) continue;
    const rivals = candidates.filter(
      (other) => other.words.length === words.length && other.words.every((w) => words.includes(w)),
    );
    if (rivals.length > 1 && !isMeant(service, rivals[0]?.service, ports)) continue;
    named.push({ service, ports });
    for (const word of words) left.delete(word);
  }
  const rest = [...left].map(([service, port]): Named => ({ service, ports: [port] }));
  return [...named, ...rest].sort((one, other) => firstOf(one) - firstOf(other));
}

/** Of names for the same ports: that of the process; below 1024, where a port is seldom somebody else's, the best known. */
function isMeant(service: string, first: string | undefined, ports: readonly Port[]): boolean {
  if (ports.some(({ process }) => process?.startsWith(service))) return true;
  return service === first && ports.every(({ port }) => port < 1024);
}

function wordOf({ proto, port }: Port): string {
  return `${port}/${proto}`;
}

function firstOf({ ports }: Named): number {
  return Math.min(...ports.map(({ port }) => port));
}
