/**
 * `npm run soak -- detection [--seeds 101-105] [--carrier rfc3339] [--scale 1] [--hours N]
 * [--unsaid] [--built] [--keep FOLDER] [--missed]`: generates a labelled log of a
 * million lines for each seed, has `palisade simulate` read it, and says of each kind of attack how many were seen, how many shut out who
 * deserve it, and after how many of its events; who was wrongly named or shut out; and whether forged text was believed.
 *
 * Seeds 1 to 5 are there to find thresholds with; 101 to 105 judge them. It fails where fewer than nine tenths are seen or shut out, anybody of the
 * never-ban list, any innocent or anybody whom forged text accuses is shut out, more than 0.5 % of the background is, or a packet was not read.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CarrierName, carriers, generate } from '../detection/generator/index.ts';
import { type Said, type Score, score, simulate, type Verdict } from '../detection/score.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '101-105' },
    carrier: { type: 'string' },
    scale: { type: 'string', default: '1' },
    hours: { type: 'string' },
    // Nobody tells palisade whom it must never ban.
    unsaid: { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
    keep: { type: 'string' },
    missed: { type: 'boolean', default: false },
  },
});
const [first = 101, last = first] = values.seeds.split('-').map(Number);
const palisade = values.built ? [resolve('bin/palisade')] : [process.execPath, resolve('src/daemon/main.ts')];
const [enough, mostBackground] = [0.9, 0.005];
const all: Verdict[] = [];
let [passed, failed] = [0, 0];

for (let seed = first; seed <= last; seed += 1) {
  const folder = values.keep === undefined ? mkdtempSync(join(tmpdir(), 'palisade-detection-')) : join(values.keep, String(seed));
  try {
    // Each form has its turn.
    const carrier = (values.carrier as CarrierName | undefined) ?? (carriers[seed % carriers.length] as CarrierName);
    const hours = values.hours === undefined ? {} : { hours: Number(values.hours) };
    const generated = generate({ seed, folder, carrier, scale: Number(values.scale), ...hours });
    const never = values.unsaid ? [] : ['--never', generated.labels.never.join(',')];
    const said = await simulate(palisade, generated, ['--trust-files', ...never]);
    const scored = score(generated.labels, said);
    all.push(...scored.verdicts);
    report(seed, generated.labels, said, scored);
  } finally {
    if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}
say('');
perKind(all);
say(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;

function report(seed: number, labels: Parameters<typeof score>[0], said: Said, scored: Score): void {
  const { verdicts, neverBanned, backgroundBanned, benignBanned, benignNamed, forgedBanned, forgedNamed, eventsMissing } = scored;
  const deserving = verdicts.filter(({ instance }) => instance.deserves === 'ban');
  const [seen, shutOut] = [verdicts.filter((one) => one.seen).length, deserving.filter((one) => one.banned).length];
  say(
    `seed ${seed}, ${labels.carrier}: ${labels.lines} lines in ${said.cpuSeconds.toFixed(1)} s CPU; ${said.incidents.length} incidents, ${scored.ofBackground} of them of the background alone; ${said.bans.length} bans`,
  );
  // Whoever says nothing wrongs nobody either.
  check('it ends as if something was found', said.exit === 1);
  if (said.exit !== 1) {
    say(`  palisade ended with ${said.exit}: ${said.stderr.trim().slice(0, 300)}`);
    return;
  }
  check(`${seen} of ${verdicts.length} attacks are seen`, seen >= enough * verdicts.length);
  check(`${shutOut} of ${deserving.length} who deserve it are shut out`, shutOut >= enough * deserving.length);
  check(`${neverBanned.length} of those who never are`, neverBanned.length === 0, neverBanned);
  check(`${benignBanned.length} innocents`, benignBanned.length === 0, benignBanned);
  check(
    `${backgroundBanned.length} of ${labels.background.length} in the background (${((100 * backgroundBanned.length) / labels.background.length).toFixed(2)} %)`,
    backgroundBanned.length <= mostBackground * labels.background.length,
  );
  check(
    `${forgedBanned.length} for forged text, ${forgedNamed.length} named for it`,
    forgedBanned.length + forgedNamed.length === 0,
    forgedNamed,
  );
  check(`${eventsMissing} packets not read`, eventsMissing === 0);
  if (benignNamed.length > 0) say(`  innocents that incidents name, and nobody shuts out: ${shortly(benignNamed)}`);
  if (values.missed)
    for (const { instance, seen: isSeen, banned } of verdicts)
      if (!isSeen || (instance.deserves === 'ban' && !banned))
        say(
          `  ${isSeen ? 'seen, not shut out' : 'missed'}: ${instance.id}, ${instance.events} events in ${Math.round(instance.to - instance.from)} s, ${instance.sources.slice(0, 2).join(' ')} → ${instance.targets.slice(0, 2).join(' ')}`,
        );
}

function check(what: string, holds: boolean, who: readonly string[] = []): void {
  if (holds) passed += 1;
  else failed += 1;
  say(`  ${holds ? 'ok' : 'NO'}  ${what}${holds || who.length === 0 ? '' : `: ${shortly(who)}`}`);
}

function shortly(who: readonly string[]): string {
  return `${who.slice(0, 8).join('; ')}${who.length > 8 ? `; and ${who.length - 8} more` : ''}`;
}

function perKind(verdicts: readonly Verdict[]): void {
  const cells = (...words: readonly (string | number)[]): string =>
    words.map((word, index) => (index === 0 ? String(word).padEnd(20) : String(word).padStart(12))).join('');
  say(cells('KIND', 'SEEN', 'SHUT OUT', 'AFTER', 'AT MOST', '  BY'));
  for (const kind of new Set(verdicts.map(({ instance }) => instance.kind))) {
    const of = verdicts.filter(({ instance }) => instance.kind === kind);
    const seen = of.filter((one) => one.seen);
    const after = seen.flatMap(({ eventsUntil }) => (eventsUntil === null ? [] : [eventsUntil])).sort((a, b) => a - b);
    const deserving = of.filter(({ instance }) => instance.deserves === 'ban');
    const shutOut = of.filter((one) => one.banned).length;
    const by = [...new Set(of.flatMap(({ detectors }) => detectors))].join(' ');
    say(
      `${cells(kind, `${seen.length}/${of.length}`, deserving.length === 0 ? `(${shutOut})` : `${shutOut}/${of.length}`, after[after.length >> 1] ?? '-', after.at(-1) ?? '-')}  ${by}`,
    );
  }
}
