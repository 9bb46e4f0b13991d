/** Whether everything runs that can: `npm run soak -- whole`, or PALISADE_ALL=1 npm test FILE. The usual run takes a slice of what is long. */
export const isWhole = process.env['PALISADE_ALL'] === '1';

/** All of a list, or every so manyth of it. */
export function sliceOf<T>(list: readonly T[], every: number, from = 0): readonly T[] {
  return isWhole ? list : list.filter((_, index) => index % every === from);
}
