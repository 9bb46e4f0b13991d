import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { numberIn } from './line.ts';
import { countsIn, createReaders, type Given, harass, settled } from './readers.ts';

const logrotate = '/usr/sbin/logrotate';

/** When rotated files are compressed. */
export type Packing = 'never' | 'at-once' | 'later';

/** A log file, which the real logrotate rotates again and again. */
export async function soakFiles(
  given: Given & { readonly way: 'rename' | 'copytruncate'; readonly packing: Packing },
): Promise<void> {
  const { seconds, rate, holding, random, way, packing } = given;
  if (!existsSync(logrotate)) {
    holding.holds('logrotate is here (apt-get install logrotate)', false, 'it is not');
    return;
  }
  const folder = join(given.folder, `${way}-${packing}`);
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  const path = join(folder, 'kern.log');
  writeFileSync(path, '');
  const total = seconds * rate;
  const readers = createReaders(state, { kind: 'file', path });
  // It begins at the file's end, and says so before anything is written.
  await readers.begun();
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), path, '1', String(total), String(rate)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const written = once(writer, 'exit');
  const isWriting = (): boolean => writer.exitCode === null && writer.signalCode === null;
  await once(writer.stdout, 'data');
  let rotations = 0;
  const rotating = (async () => {
    while (isWriting()) {
      await sleep(300 + random() * 1500);
      if (!isWriting()) break;
      const config = join(folder, 'logrotate.conf');
      writeFileSync(config, rotation(path, way, packing, writer.pid ?? 0));
      const ran = spawnSync(logrotate, ['-f', '-s', join(folder, 'logrotate.state'), config], { encoding: 'utf8' });
      if (ran.status !== 0) throw new Error(`logrotate: ${ran.stderr}`);
      rotations += 1;
    }
  })();
  await readers.kill();
  await harass(readers, random, Promise.all([written, rotating]));

  const kept = numbersIn(folder);
  await settled(state, kept.size);
  await readers.end();
  const counts = countsIn(state);
  const twice = [...counts].filter(([, count]) => count > 1);
  const missing = [...kept].filter((number) => !counts.has(number));
  const foreign = [...counts.keys()].filter((number) => number < 1 || number > total);
  const beyond = [...counts.keys()].filter((number) => !kept.has(number)).length;
  holding.say(
    `    ${total} lines at ${rate}/s, ${rotations} rotations, ${readers.kills} readers killed; the files hold ${kept.size}, the store ${counts.size}` +
      (way === 'rename'
        ? ''
        : ` (${beyond} of them are in no file any more; ${total - kept.size - beyond} others logrotate emptied away before anybody saw them)`),
  );
  for (const text of new Set(readers.notices)) holding.say(`    said: ${text}`);
  if (way === 'rename') holding.holds('logrotate lost nothing', kept.size === total, `${total - kept.size} lines are in no file`);
  holding.holds('no line is missing that is in a file', missing.length === 0, `${missing.length}: ${spansOf(missing)}`);
  holding.holds('no line counts twice', twice.length === 0, `${twice.length}: ${JSON.stringify(twice.slice(0, 20))} …`);
  holding.holds('nothing else is there', foreign.length === 0, foreign.slice(0, 20).join(' '));
}

function rotation(path: string, way: 'rename' | 'copytruncate', packing: Packing, writer: number): string {
  const compress = packing === 'later' ? 'compress\n  delaycompress' : packing === 'at-once' ? 'compress' : 'nocompress';
  const how =
    way === 'copytruncate' ? 'copytruncate' : `create 0644 root root\n  postrotate\n    kill -HUP ${writer} || true\n  endscript`;
  return `${path} {\n  su root root\n  rotate 500\n  missingok\n  ${compress}\n  ${how}\n}\n`;
}

/** Every number that is in any of the files. */
function numbersIn(folder: string): Set<number> {
  const numbers = new Set<number>();
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('kern.log')) continue;
    const bytes = readFileSync(join(folder, name));
    for (const line of (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1').split('\n')) {
      const number = numberIn(line);
      if (number >= 0 && line.includes(' kernel: ') && line.startsWith('2026')) numbers.add(number);
    }
  }
  return numbers;
}

/** `5-9 12-12 …` */
export function spansOf(numbers: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const number of [...numbers].sort((one, two) => one - two)) {
    const last = spans.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else spans.push([number, number]);
  }
  return `${spans
    .slice(0, 20)
    .map(([from, to]) => `${from}-${to}`)
    .join(' ')}${spans.length > 20 ? ' …' : ''}`;
}
