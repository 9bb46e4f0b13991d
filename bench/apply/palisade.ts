import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Machine, Took } from '../harness/machine.ts';
import { database, type Reference } from './reference.ts';

type Backend = 'nft' | 'legacy';

/** palisade as it is installed, on one machine. */
export interface Palisade {
  /** Writes the reference as a policy. */
  configure(reference: Reference): void;
  /** Makes a change until it waits for `confirm`, which is then said. @throws {Error} when there was nothing to change */
  change(): Promise<Took>;
  /** Where nothing is to be changed, and where nobody waits: `apply --yes` from its start to its end. */
  apply(): Promise<Took>;
}

/** @param state a folder of the machine that is on a disk */
export function palisadeOn(machine: Machine, launcher: string, backend: Backend, state: string, earlyDrop = false): Palisade {
  const argv = (...verb: string[]): [string, ...string[]] => [
    launcher,
    ...['--state', state, '--policy', '/etc/palisade/policy.yaml', '--backend', backend],
    ...verb,
  ];
  return {
    configure({ four, six }) {
      machine.write('/etc/palisade/trusted.txt', `${[...four, ...six].join('\n')}\n`);
      machine.write(
        '/etc/palisade/policy.yaml',
        `palisade: 1
otherwise: { incoming: drop, forwarded: drop, outgoing: accept }
sets: { trusted: { file: trusted.txt } }
incoming:
  - { allow: ssh, at-most: { new: 3, within: 60s } }
  - allow: [http, https]
  - { allow: ${database}/tcp, from: trusted }
log: { dropped: 5/minute, prefix: "dropped: " }
${earlyDrop ? 'protect: { early-drop: true }\n' : ''}`,
      );
    },
    async change() {
      const [tool, ...args] = [...machine.enter, ...argv('apply')] as [string, ...string[]];
      const from = performance.now();
      const child = spawn(tool, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
      let [stdout, stderr] = ['', ''];
      const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
      const took = await new Promise<Took | null>((resolve) => {
        child.stderr.on('data', (data: Buffer) => {
          stderr += data.toString();
        });
        child.stdout.on('data', (data: Buffer) => {
          stdout += data.toString();
          if (/^The rules are changed/m.test(stdout))
            resolve({ wallMs: performance.now() - from, cpuMs: cpuMs(child.pid ?? 0), stdout });
        });
        void ended.then(() => resolve(null));
      });
      if (took === null) throw new Error(`palisade changed nothing: ${stderr}${stdout}`);
      await machine.run(argv('confirm', '--anyway'));
      await ended;
      return took;
    },
    apply: () => machine.run(argv('apply', '--yes')),
  };
}

/** Processor time of a process and of all that it has waited for, in hundredths of a second (proc(5), stat). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]) * 10, 0);
}
