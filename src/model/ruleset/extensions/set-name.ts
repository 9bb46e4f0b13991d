import type { ValueType } from '../extension.ts';

/** The name of an ipset. */
export const setName: ValueType = {
  hint: 'a set has a name of 1 to 31 bytes',
  saved: (text) => (text.length > 0 && text.length <= 31 ? text : undefined),
  examples: (family) => [family === 4 ? 'hosts' : 'hosts6'],
  refused: () => ['', 'x'.repeat(32)],
};

/** `src` or `dst` for each dimension of a set. */
export const directionsValue: ValueType = {
  hint: 'write src or dst for each dimension of the set',
  saved: (text) => {
    const parts = text.split(',');
    return parts.length <= 6 && parts.every((part) => part === 'src' || part === 'dst') ? text : undefined;
  },
  examples: () => ['src', 'dst', 'src,dst', 'dst,src', 'src,src,src,src,src,src'],
  refused: () => ['', 'srcdst', 'src,x', 'src,src,src,src,src,src,src'],
};
