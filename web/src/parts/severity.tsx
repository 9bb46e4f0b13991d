import type { Severity } from '../words.ts';

/** A shape for each severity, so that none is told by colour alone. */
const shapes: Readonly<Record<Severity, string>> = {
  critical: 'M5 1h6l4 4v6l-4 4H5l-4-4V5z',
  high: 'M8 1.2 15.4 14.5H.6z',
  medium: 'M8 .8 15.2 8 8 15.2.8 8z',
  low: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z',
  info: 'M2.5 2.5h11v11h-11z',
};

export function SeverityMark({ severity }: { severity: Severity }) {
  return (
    <svg class={`mark ${severity}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
      <path d={shapes[severity]} />
      {severity === 'critical' || severity === 'high' ? (
        <path class="inside" d="M7.1 5h1.8l-.3 4.8H7.4zM7.1 10.8h1.8v1.8H7.1z" />
      ) : null}
    </svg>
  );
}

export function SeverityWord({ severity }: { severity: Severity }) {
  return (
    <span class={`severity ${severity}`}>
      <SeverityMark severity={severity} />
      {severity}
    </span>
  );
}
