import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { HostState } from '../../src/monitor/index.ts';

/** A state on a socket, as `palisade up` publishes it: the test says what it is. */
export interface Published extends AsyncDisposable {
  readonly socket: string;
  /** `null`: it answers 503. */
  state: HostState | null;
}

/** Whoever is on this machine may read it. */
export async function publish(socket: string, state: HostState): Promise<Published> {
  rmSync(socket, { force: true });
  const server = createServer((_, answer) => {
    answer.statusCode = published.state === null ? 503 : 200;
    answer.end(JSON.stringify(published.state));
  });
  const published: Published = {
    socket,
    state,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  chmodSync(socket, 0o666);
  return published;
}

/** As if it was read just now. Every moment of the examples is near the time of their reading; nothing else in them is. */
export function fresh(state: HostState, forSeconds = 180): HostState {
  const late = Math.floor(Date.now() / 1000) - state.at;
  const moved = JSON.parse(JSON.stringify(state), (_, value: unknown) =>
    typeof value === 'number' && Math.abs(value - state.at) < 366 * 86_400 ? value + late : value,
  ) as HostState;
  return { ...moved, until: moved.at + forSeconds };
}
