/**
 * `answers.ts QUESTION FILE [FILE]` asks one question of rules in a process where nothing is warm, and prints what it took as
 * JSON: processor time in milliseconds, of the whole process and of its parts, and the nodes that were made.
 */
import { readFileSync } from 'node:fs';
import { compareRulesets, createWhatIf, livenessOf } from '../../src/analysis/answers/index.ts';
import { none, OverBudget } from '../../src/analysis/space/index.ts';
import { createAnswering, createSpace, type Source } from '../../src/analysis/symbolic/index.ts';
import { parseSets } from '../../src/model/host/index.ts';
import { packetFromJson } from '../../src/model/packet/index.ts';
import { parseRuleset, type Ruleset } from '../../src/model/ruleset/index.ts';
import type { Result } from '../../src/result.ts';
import { seeded } from '../../test/kernel/random.ts';

const [, , question = '', file = '', other = ''] = process.argv;
const startMs = cpuMs();
const hooks = ['input', 'forward', 'output'] as const;
const nothing = { sets: null, links: null, addresses: null, routes: null, listeners: null };
const told: Record<string, number | string> = { startMs };

switch (question) {
  case 'liveness':
  case 'liveness-alone': {
    try {
      const space = createSpace(4, [source(file)]);
      const [firewall] = space.firewalls;
      if (firewall === undefined) throw new Error('a space without a firewall');
      const leaves = question === 'liveness' ? hooks.map((hook) => space.diagram.leaves(firewall.way(hook).verdicts).size) : [];
      told['verdictMs'] = cpuMs();
      const { dead, rules } = livenessOf(space, firewall);
      Object.assign(told, { dead: dead.length, rules, nodes: space.diagram.size, leaves: leaves.join() });
    } catch (error) {
      if (!(error instanceof OverBudget)) throw error;
      told['undecided'] = error.message;
    }
    break;
  }
  case 'set': {
    const sets = must(parseSets(readFileSync(other, 'latin1'), other));
    const space = createSpace(4, [{ ...source(file), surroundings: { ...nothing, sets } }]);
    for (const hook of hooks) space.diagram.leaves(space.firewalls[0]?.way(hook).verdicts ?? none);
    told['nodes'] = space.diagram.size;
    break;
  }
  case 'diff': {
    const { ways } = compareRulesets(4, source(file), source(other));
    told['regions'] = ways.reduce((sum, way) => sum + (way.kind === 'decided' ? way.differences.length : 0), 0);
    break;
  }
  case 'what-if':
    Object.assign(told, asked());
    break;
  case 'trace':
    Object.assign(told, traced());
    break;
  default:
    throw new Error(`${question} is no question`);
}
told['cpuMs'] = cpuMs();
process.stdout.write(JSON.stringify(told));

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function read(path: string): Ruleset {
  return must(parseRuleset(readFileSync(path, 'latin1'), { file: path, family: 4 }));
}

function source(path: string): Source {
  return { ruleset: read(path), surroundings: nothing };
}

/** One rule more before the middle of the rules, again and again; the first asks what all rules tell apart. */
function asked(): Record<string, number> {
  const own = source(file);
  const chain = own.ruleset.tables[0]?.chains.get('FORWARD');
  if (chain === undefined) throw new Error('there is no FORWARD');
  const whatIf = createWhatIf(own);
  const ask = (turn: number): void => {
    const text = `-A FORWARD -s 10.0.${turn}.0/28 -p tcp -m tcp --dport ${1000 + turn} -j ACCEPT`;
    must(whatIf({ kind: 'add', table: 'filter', chain: 'FORWARD', at: chain.rules.length >> 1, text }));
  };
  ask(0);
  const times: number[] = [];
  for (let turn = 1; turn <= 9; turn += 1) {
    const from = cpuMs();
    ask(turn);
    times.push(cpuMs() - from);
  }
  times.sort((left, right) => left - right);
  return { eachMs: times[4] ?? Number.NaN, worstMs: times[8] ?? Number.NaN };
}

/** Packets one after the other through rules that are a function already. */
function traced(): Record<string, number> {
  const space = createSpace(4, [source(file)]);
  const way = space.firewalls[0]?.way('forward');
  if (way === undefined) throw new Error('a space without a firewall');
  const random = seeded(7);
  const packets = Array.from({ length: 50_000 }, () => {
    const [src, dst] = [random.below(2 ** 24), random.below(2 ** 16)];
    const dotted = (first: number, value: number): string =>
      [first, (value >> 16) & 255, (value >> 8) & 255, value & 255].join('.');
    return must(
      packetFromJson(
        {
          hook: 'forward',
          in: 'eth0',
          out: 'eth1',
          src: dotted(10, src),
          dst: dotted(10, dst),
          proto: 'tcp',
          dport: random.below(10_000),
        },
        { link: null },
      ),
    );
  });
  const answer = createAnswering(space, way);
  let accepted = 0;
  const from = cpuMs();
  for (let turn = 0; turn < 8; turn += 1) for (const packet of packets) if (answer(packet).verdict === 'ACCEPT') accepted += 1;
  return { packetsPerSecond: Math.round((8 * packets.length * 1000) / (cpuMs() - from)), accepted };
}
