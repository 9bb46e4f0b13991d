import type { Run, RunRequest, RunResult } from '../../../src/kernel/index.ts';
import { judge, policies, settled } from './judge.ts';
import type { Between } from './place.ts';
import type { Trials } from './trial.ts';

/** Whether this writes that table; palisade commits a table at a time. */
function writes({ argv, input }: RunRequest, family: 4 | 6, table: string): boolean {
  const name = family === 4 ? 'iptables' : 'ip6tables';
  return argv.some((word) => word.startsWith(`${name}-`) && word.endsWith('-restore')) && String(input).startsWith(`*${table}\n`);
}

type Fails = (run: Run, request: RunRequest) => Promise<RunResult>;

/** How the tool that writes rules may fail; each is done by a real program. */
const ways: Readonly<Record<string, { readonly says: RegExp; readonly fails: Fails }>> = {
  'refuses a rule': {
    says: /did not take the table/,
    fails: (run, request) =>
      run({ ...request, input: String(request.input).replace(/^COMMIT$/m, '-A NOBODYS-CHAIN -j ACCEPT\nCOMMIT') }),
  },
  'misses a set': {
    says: /did not take the table/,
    fails: (run, request) =>
      run({
        ...request,
        input: String(request.input).replace(/^COMMIT$/m, '-I INPUT -m set --match-set nobodys src -j DROP\nCOMMIT'),
      }),
  },
  'is killed before it writes': {
    says: /did not take the table/,
    fails: (run, request) =>
      run({ ...request, argv: [...request.argv.slice(0, 6), 'sh', '-c', 'kill -9 $$'] as unknown as RunRequest['argv'] }),
  },
  'is killed once it has written': {
    says: /something ended it/,
    async fails(run, request) {
      await run(request);
      return { kind: 'signalled', tool: request.argv[0], signal: 'SIGKILL' };
    },
  },
  hangs: {
    says: /still at it/,
    fails: (run, request) =>
      run({ ...request, argv: [...request.argv.slice(0, 6), 'sleep', '60'] as unknown as RunRequest['argv'], timeoutMs: 300 }),
  },
};

/** The tool that writes rules fails: at each table of each family that differs, in each way. */
export const restore: Trials = (backend) =>
  ([4, 6] as const).flatMap((family) =>
    ['filter', 'raw', 'nat']
      // IPv6 has no masquerade in the first policy.
      .filter((table) => family === 4 || table !== 'nat')
      .flatMap((table) =>
        Object.entries(ways).map(([way, { says, fails }]) => ({
          does: `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore ${way} at ${table}`,
          quick: family === 6 && table === 'filter' && way === 'is killed once it has written' && backend === 'legacy',
          async judge() {
            await using place = await settled(backend);
            let met = 0;
            const between: Between = (run) => (request) => {
              if (!writes(request, family, table)) return run(request);
              met += 1;
              return fails(run, request);
            };
            const said = await place.run('apply', { policy: policies.now, between });
            const wrong = await judge(place, { is: 'old', said, says });
            return met === 0 ? [...wrong, 'that table was never written'] : wrong;
          },
        })),
      ),
  );
