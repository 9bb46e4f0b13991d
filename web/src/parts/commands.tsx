import { CopyButton } from './copy.tsx';
import { ScrollBox } from './scroll-box.tsx';

/** Lines for a shell, with a button that copies them. `what` completes "Copy …". */
export function Commands({ text, what }: { text: string; what: string }) {
  return (
    <div class="commands">
      <ScrollBox class="lines" label={what}>
        <pre>
          <code>{text}</code>
        </pre>
      </ScrollBox>
      <CopyButton text={text} what={what} />
    </div>
  );
}
