import type { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { StateRead } from '../state/index.ts';

/** What a reporter is handed. */
export interface ReporterContext {
  readonly clock: Clock;
  /** The host's name, as the other side knows it unless its settings say another. */
  readonly host: string;
  /** Reads the published state now. It throws nothing. */
  readonly state: () => Promise<StateRead>;
  /** Resolves as soon as another state is published, or after so long. */
  readonly changed: (forMs: number) => Promise<void>;
  /** What people should know: that the other side does not answer, said once and again when it does. */
  readonly say: (text: string) => void;
}

/**
 * One that brings the state to a monitoring system that waits to be told: passive results, an active agent. One file each. `run` goes on until
 * the signal aborts, whatever the other side does.
 */
export interface Reporter<Settings extends z.ZodObject = z.ZodObject> {
  /** As `reports` of the configuration names it. */
  readonly name: string;
  readonly summary: string;
  readonly settings: Settings;
  run(settings: z.output<Settings>, context: ReporterContext, signal: AbortSignal): Promise<void>;
}
