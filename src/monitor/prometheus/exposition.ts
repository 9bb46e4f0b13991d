import type { Metric } from './metric.ts';

export type ExpositionFormat = 'text' | 'openmetrics';

export const contentTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<ExpositionFormat, string>;

/** Which format a scraper's Accept header asks for. */
export function formatAccepted(accept: string | undefined): ExpositionFormat {
  return /\bapplication\/openmetrics-text\b/.test(accept ?? '') ? 'openmetrics' : 'text';
}

/**
 * Metrics as Prometheus reads them (exposition format 0.0.4, and OpenMetrics 1.0.0). Two samples of one name never have the same labels: labels may
 * have become the same when they were cut, and the later ones of such are left out.
 */
export function exposition(metrics: readonly Metric[], format: ExpositionFormat): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of metrics) {
    const suffix = { counter: '_total', info: '_info', gauge: '' }[type];
    // OpenMetrics names the family; the older text format knows only names of samples, and has no type for infos.
    const head = format === 'openmetrics' ? name : `${name}${suffix}`;
    lines.push(`# HELP ${head} ${escaped(help, format === 'openmetrics')}`);
    lines.push(`# TYPE ${head} ${format === 'text' && type === 'info' ? 'gauge' : type}`);
    const seen = new Set<string>();
    for (const { labels, value } of samples) {
      const inBraces = Object.entries(labels)
        .map(([label, text]) => `${label}="${escaped(text, true)}"`)
        .join(',');
      if (seen.has(inBraces)) continue;
      seen.add(inBraces);
      lines.push(`${name}${suffix}${inBraces === '' ? '' : `{${inBraces}}`} ${numberText(value)}`);
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function escaped(text: string, quotes: boolean): string {
  const plain = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? plain.replaceAll('"', '\\"') : plain;
}

/** Go's ParseFloat reads what JavaScript writes, but for the infinities. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
