/**
 * A host's state as Prometheus reads it: metrics with names that stay, in the text format and in OpenMetrics; rules that alert by them; a dashboard.
 *
 * Pure: a state in, text out. Whoever serves it or writes it into a file is elsewhere (`verbs/publishing`). No label holds an address, and there is
 * a bound on how many series there can be.
 */
export { contentTypes, type ExpositionFormat, exposition, formatAccepted } from './exposition.ts';
export { type MetricOptions, metricsOf } from './metrics.ts';
