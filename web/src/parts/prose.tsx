import { visible } from '../words.ts';

/** A sentence of palisade's; what stands between backticks is set as code. */
export function Prose({ text }: { text: string }) {
  // The odd pieces of a split by one group are what the group matched.
  return (
    <>
      {visible(text)
        .split(/`([^`]+)`/)
        .map((piece, index) => (index % 2 === 1 ? <code key={`${index}`}>{piece}</code> : piece))}
    </>
  );
}
