/** Rules beside those that palisade models: what the analysis knows of them, for checks. */
export * from '../analysis/answers/bystanders.ts';
