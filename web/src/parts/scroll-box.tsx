import type { ComponentChildren } from 'preact';

interface ScrollBoxProps {
  label: string;
  class: string;
  role?: 'log';
  children: ComponentChildren;
}

/** A box that scrolls by itself, reachable by keyboard and named for those who cannot see it. */
export function ScrollBox({ label, class: name, role, children }: ScrollBoxProps) {
  return (
    // tabIndex: not every browser lets the keyboard reach what scrolls.
    <section class={name} role={role} aria-label={label} aria-live={role === 'log' ? 'off' : undefined} tabIndex={0}>
      {children}
    </section>
  );
}
