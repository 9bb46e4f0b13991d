import type { Surroundings } from '../evaluate/surroundings.ts';
import type { Layout } from './layout.ts';

/** Classes of interface names that are loopback's. */
export function loopbackCodes(layout: Layout, surroundings: Surroundings): readonly number[] {
  const links = surroundings.links;
  const codes: number[] = [];
  for (let code = 1; code < layout.interfaces.size; code += 1) {
    const name = layout.interfaces.nameOf(code);
    const link = links?.find((candidate) => candidate.name === name);
    if (link?.loopback ?? name === 'lo') codes.push(code);
  }
  return codes;
}
