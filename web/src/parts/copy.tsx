import { useEffect, useState } from 'preact/hooks';

/** Copies a text and says so for a moment. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState<'Copy' | 'Copied' | 'Select it by hand'>('Copy');
  useEffect(() => {
    if (said === 'Copy') return;
    const timer = setTimeout(() => setSaid('Copy'), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      class="small copy"
      aria-label={`Copy ${what}`}
      onClick={() => {
        // Not there on a page that is served by plain HTTP from another host than loopback.
        const writing = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'));
        writing.then(
          () => setSaid('Copied'),
          () => setSaid('Select it by hand'),
        );
      }}
    >
      <span aria-live="polite">{said}</span>
    </button>
  );
}
