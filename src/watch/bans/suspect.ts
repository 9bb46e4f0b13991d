import type { SuspectSource } from '../incidents/happening.ts';

/** A source that a detector holds to be one to shut out, as it is said. */
export type Suspect = Omit<SuspectSource, 'kind'>;
