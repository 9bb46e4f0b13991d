import { systemClock } from '../../src/clock.ts';
import { createRun } from '../../src/kernel/run.ts';
import type { StateRead } from '../../src/monitor/index.ts';
import { ok } from '../../src/result.ts';
import type { IntegrationContext } from '../../src/verbs/integrating/integration.ts';

/** What an integration is handed, with a state that a test makes. */
export function integrationContext(state: () => StateRead, withinMs = 30_000): IntegrationContext {
  const now = state();
  return {
    clock: systemClock,
    run: createRun(),
    ground: {
      host: 'fw1',
      command: '/usr/bin/palisade',
      socket: '/run/palisade/state.sock',
      state: now.ok ? now.state : null,
    },
    state: async () => state(),
    secret: async (file) => ok(file),
    say: () => undefined,
    signal: AbortSignal.timeout(withinMs),
  };
}
