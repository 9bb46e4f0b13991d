import { randomBytes } from 'node:crypto';
import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printed } from '../checks/index.ts';
import type { Handed } from './pipe.ts';
import type { PassiveResult } from './result.ts';

/**
 * Puts results, of whatever length, into the folder of `check_result_path`, from which Nagios takes a file once another says that it is whole.
 *
 * @param at epoch seconds
 */
export async function writeToSpool(folder: string, results: readonly PassiveResult[], at: number): Promise<Handed> {
  // Names of seven letters that begin with c: Nagios takes no others.
  const file = join(folder, `c${randomBytes(6).toString('base64url').replaceAll(/[-_]/g, 'x').slice(0, 6)}`);
  const draft = join(folder, `.${randomBytes(6).toString('hex')}`);
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('it is no folder');
    await writeFile(draft, `### palisade\nfile_time=${Math.floor(at)}\n\n${results.map((one) => entry(one, at)).join('\n')}`, {
      mode: 0o660,
      flag: 'wx',
    });
    await chmod(draft, 0o664);
    await rename(draft, file);
    await writeFile(`${file}.ok`, '', { mode: 0o664 });
    return { ok: true };
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      ok: false,
      why: `${folder}: ${code ?? message}`,
      hint: 'name the check_result_path of nagios.cfg, and let palisade’s sender write there',
    };
  }
}

function entry({ host, service, exit, text }: PassiveResult, at: number): string {
  const output = printed(text).trimEnd().replaceAll('\n', '\\n');
  return [
    `host_name=${host}`,
    `service_description=${service}`,
    'check_type=1',
    'check_options=0',
    'scheduled_check=0',
    'latency=0.000',
    `start_time=${Math.floor(at)}.0`,
    `finish_time=${Math.floor(at)}.0`,
    'early_timeout=0',
    'exited_ok=1',
    `return_code=${exit}`,
    `output=${output}`,
    '',
  ].join('\n');
}
