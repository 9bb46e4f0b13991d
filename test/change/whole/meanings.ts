import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, tool } from '../changing.fixture.ts';
import { type Counts, during } from '../faults/gaps.ts';
import { ends, type Joined, joined } from '../faults/joined.ts';
import { waits } from '../faults/judge.ts';
import type { Trial } from '../faults/trial.ts';

/**
 * Two hosts in which the same sets mean opposite things: in one they say who is let in, in the other who is kept out. Both let the same
 * streams through; rules of the one that asked sets of the other would do the opposite.
 */
interface Meaning {
  readonly sets: string;
  readonly rules: string;
}

const [me, stranger] = [ends.there[4], '198.51.100.9'];
const rules = (lines: readonly string[]): string =>
  [
    '*filter',
    ':INPUT DROP [0:0]',
    ':FORWARD DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -p udp --dport 5001 -m conntrack --ctstate ESTABLISHED -j ACCEPT',
    ...lines,
    'COMMIT\n',
  ].join('\n');

/** The streams of faults/streams.ts: port 80 is open to us in both, and port 6666 in neither. */
const meanings: Readonly<Record<string, readonly [Meaning, Meaning]>> = {
  'sets whose members change': [
    {
      sets: `create open hash:ip\nadd open ${me}\ncreate shut hash:ip\nadd shut ${stranger}\n`,
      rules: rules([
        '-A INPUT -p tcp --dport 80 -m set --match-set open src -j ACCEPT',
        '-A INPUT -p udp --dport 6666 -m set --match-set shut src -j ACCEPT',
      ]),
    },
    {
      sets: `create open hash:ip\nadd open ${stranger}\ncreate shut hash:ip\nadd shut ${me}\n`,
      rules: rules([
        '-A INPUT -p tcp --dport 80 -m set --match-set open src -j DROP',
        '-A INPUT -p udp --dport 6666 -m set --match-set shut src -j DROP',
        '-A INPUT -p tcp --dport 80 -j ACCEPT',
        '-A INPUT -p udp --dport 6666 -j ACCEPT',
      ]),
    },
  ],
  'sets that packets fill meanwhile': [
    {
      sets: `create open hash:ip\nadd open ${me}\ncreate shut hash:ip\nadd shut ${stranger}\ncreate flows hash:ip,port timeout 2\n`,
      rules: rules([
        '-A INPUT -p tcp --dport 80 -j SET --add-set flows src,src --exist',
        '-A INPUT -p tcp --dport 80 -m set --match-set open src -j ACCEPT',
      ]),
    },
    {
      sets: `create open hash:ip\nadd open ${stranger}\ncreate shut hash:ip\nadd shut ${me}\ncreate flows hash:ip,port timeout 3\nadd flows 192.0.2.99,tcp:7 timeout 0\n`,
      rules: rules([
        '-A INPUT -p tcp --dport 80 -j SET --add-set flows src,src --exist',
        '-A INPUT -p udp --dport 6666 -m set --match-set shut src -j DROP',
        '-A INPUT -p tcp --dport 80 -j ACCEPT',
      ]),
    },
  ],
  'lists whose sets change, and sets of another type': [
    {
      sets: `create in hash:ip\nadd in ${me}\ncreate out hash:net\nadd out ${stranger}/32\ncreate open list:set\nadd open in\ncreate shut list:set\nadd shut out\n`,
      rules: rules([
        '-A INPUT -p tcp --dport 80 -m set --match-set open src -j ACCEPT',
        '-A INPUT -p udp --dport 6666 -m set --match-set shut src -j ACCEPT',
      ]),
    },
    {
      sets: `create in hash:net\nadd in ${stranger}/32\ncreate out hash:ip\nadd out ${me}\ncreate open list:set\nadd open in\ncreate shut list:set\nadd shut out\n`,
      rules: rules([
        '-A INPUT -p tcp --dport 80 -m set --match-set open src -j DROP',
        '-A INPUT -p udp --dport 6666 -m set --match-set shut src -j DROP',
        '-A INPUT -p tcp --dport 80 -j ACCEPT',
        '-A INPUT -p udp --dport 6666 -j ACCEPT',
      ]),
    },
  ],
};

/** Rules first away, so that sets can go. */
async function lay({ place: { ns, backend } }: Joined, { sets, rules: text }: Meaning): Promise<void> {
  await tool(
    ns,
    [`iptables-${backend}-restore`],
    '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
  );
  await tool(ns, ['ipset', 'flush']);
  for (let left = 100; left > 0; left -= 1) {
    const gone = await ns.run({ argv: ['ipset', 'destroy'] });
    if (gone.kind === 'exited' && gone.status === 0) break;
    await sleep(20);
  }
  await tool(ns, ['ipset', 'restore'], sets);
  await tool(ns, [`iptables-${backend}-restore`], text);
}

function wrongIn({ sent, lost, admitted }: Counts, what: string): readonly string[] {
  const wrong: string[] = [];
  if (sent < 100) wrong.push(`${what}, only ${sent} packets of each were sent`);
  if (lost[0] !== 0) wrong.push(`${what}, ${lost[0]} of ${sent} packets of a known connection were lost`);
  if (lost[1] !== 0) wrong.push(`${what}, ${lost[1]} of ${sent} new connections got no answer`);
  if (admitted !== 0) wrong.push(`${what}, ${admitted} of ${sent} forbidden packets were let through`);
  return wrong;
}

/** Goes from one to the other and back so often under packets, every third time undone. */
async function changes(backend: Backend, name: string, times: number, perSecond: number): Promise<readonly string[]> {
  await using here = await joined(backend, true);
  const { place } = here;
  const pair = meanings[name];
  if (pair === undefined) throw new Error(`there is no ${name}`);
  for (const [index, one] of pair.entries()) {
    await lay(here, one);
    const taken = await place.run('backup', { input: { what: 'create', names: [], tag: `m${index}` } });
    if (taken.exit !== 0) return [taken.text];
  }
  const wrong: string[] = [];
  let at = 1;
  const counts = await during(here, perSecond, async () => {
    for (let turn = 1; turn <= times; turn += 1) {
      const input = { what: 'restore', names: [`m${1 - at}`] };
      if (turn % 3 === 0) {
        const waiting = place.run('backup', { waits: 60, input });
        if (!(await waits(place))) wrong.push('it does not wait');
        await place.run('rollback');
        const said = await waiting;
        if (said.exit !== 4) wrong.push(`undone, it ended with ${said.exit}: ${said.text}`);
      } else {
        const said = await place.run('backup', { input });
        if (said.exit !== 0) wrong.push(`turn ${turn} ended with ${said.exit}: ${said.text}`);
        at = 1 - at;
      }
    }
  });
  process.stdout.write(
    `  ${name} (${backend}), ${times} changes: ${counts.sent} sent of each, lost ${counts.lost[0]} established and ${counts.lost[1]} new, ${counts.admitted} forbidden admitted\n`,
  );
  return [...wrong, ...wrongIn(counts, `over ${times} changes`)];
}

/** Without stand-ins, as anybody would do it by hand, packets do meet a third state: what is counted above can be more than none. */
async function byHand(backend: Backend): Promise<readonly string[]> {
  await using here = await joined(backend, true);
  const pair = meanings['sets whose members change'] ?? [];
  const { ns } = here.place;
  for (const one of pair.slice(0, 1)) await lay(here, one);
  const counts = await during(here, 2000, async () => {
    for (let turn = 1; turn <= 20; turn += 1) {
      const { sets, rules: text } = pair[turn % 2] as Meaning;
      await tool(ns, ['ipset', 'flush']);
      await tool(ns, ['ipset', 'restore', '-exist'], sets);
      await tool(ns, [`iptables-${backend}-restore`], text);
    }
  });
  process.stdout.write(
    `  by hand (${backend}): ${counts.sent} sent of each, lost ${counts.lost[1]} new, ${counts.admitted} forbidden admitted\n`,
  );
  return counts.admitted > 0 && counts.lost[1] > 0 ? [] : ['by hand nothing is lost or admitted either: this shows nothing'];
}

/** No packet is let through, or kept out, that neither of two hosts would, while one becomes the other or is undone. */
export function meaningTrials(backend: Backend, times: number): readonly Trial[] {
  return [
    ...Object.keys(meanings).map((name) => ({
      does: `${times} changes under 2,000 packets a second of each of three streams: ${name}`,
      judge: () => changes(backend, name, times, 2000),
    })),
    { does: 'the same by hand', judge: () => byHand(backend) },
  ];
}
