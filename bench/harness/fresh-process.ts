import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One run of a program in a process of its own. */
export interface FreshRun {
  /** From the start of the process to its end. */
  readonly wallMs: number;
  /** The most memory that it held at once, in MB of 2^20 bytes; asked every 5 ms, so what it took just before its end may be missing. */
  readonly rssMb: number;
  readonly stdout: string;
}

/** @throws {Error} when the program is not there or ends with anything but 0. */
export function freshProcess(argv: readonly [tool: string, ...args: string[]], env: NodeJS.ProcessEnv = {}): Promise<FreshRun> {
  return new Promise((resolve, reject) => {
    const [tool, ...args] = argv;
    const from = performance.now();
    const child = spawn(tool, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let rssMb = 0;
    const watch = setInterval(() => {
      rssMb = Math.max(rssMb, child.pid === undefined ? 0 : peakMb(child.pid));
    }, 5);
    child.stdout.setEncoding('latin1').on('data', (data: string) => {
      stdout += data;
    });
    child.stderr.setEncoding('latin1').on('data', (data: string) => {
      stderr += data;
    });
    child.on('error', (error) => {
      clearInterval(watch);
      reject(error);
    });
    child.on('close', (status) => {
      clearInterval(watch);
      const wallMs = performance.now() - from;
      if (status === 0) resolve({ wallMs, rssMb, stdout });
      else reject(new Error(`${argv.join(' ')} ended with ${status}: ${stderr.slice(0, 1000)}`));
    });
  });
}

/** The kernel's own high-water mark of a process; 0 once it is gone. */
function peakMb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}
