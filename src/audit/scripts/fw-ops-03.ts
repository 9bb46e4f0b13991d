import { filter, hardened4 } from '../examples.ts';
import { sayPacket } from '../probes.ts';
import type { ScriptCheck, ScriptSubject } from './check.ts';
import { guideScript } from './examples.ts';
import { sayCommand } from './saying.ts';
import { unclearTo } from './unclear.ts';

/**
 * Counts the transactions in which the kernel takes the change, and compares that with how many it needs: one for each table
 * of each family, since a restore is atomic by table only. Of the moments in between those that open (a policy, a flush, a
 * deletion, a part of a restore) are compared whole with the first and the last rules: packets that only such a moment lets in
 * are a time in which the host stands open.
 */
export const fwOps03: ScriptCheck = {
  id: 'FW-OPS-03',
  title: 'the change is made at once, and the host never stands more open than before and after',
  severity: 'medium',
  kinds: ['S', 'Y'],
  refs: [],
  why: 'A script that is ended half-way, by a mistake or a lost connection, leaves rules that nobody meant.',
  fix: 'Load whole tables with iptables-restore.',
  run,
  examples: [
    { title: 'the guide', script: guideScript, finds: ['medium certain '] },
    { title: 'one command', script: 'iptables -A INPUT -p tcp --dport 80 -j ACCEPT\n', finds: [] },
    { title: 'one command a family', script: 'iptables -P FORWARD DROP\nip6tables -P FORWARD DROP\n', finds: [] },
    { title: 'one transaction', script: `iptables-restore <<END\n${hardened4}END\n`, finds: [] },
    { title: 'nothing changes', script: 'iptables -L -n\niptables -Z\n', finds: [] },
    {
      title: 'the usual reset opens the host',
      v4: hardened4,
      script:
        'iptables -P INPUT ACCEPT\niptables -F INPUT\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -P INPUT DROP\n',
      finds: ['medium certain 1,3'],
    },
    {
      title: 'a rule that drops is gone for a while',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 3306 -j DROP'], { INPUT: 'ACCEPT' }),
      script: 'iptables -D INPUT -p tcp --dport 3306 -j DROP\niptables -A INPUT -p tcp --dport 3306 -j DROP\n',
      finds: ['medium certain 1,1'],
    },
    {
      title: 'a flush under a policy that drops opens nothing',
      v4: hardened4,
      script: 'iptables -F INPUT\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\n',
      finds: ['medium certain '],
    },
    {
      title: 'more of it than palisade knows',
      script: 'iptables -P INPUT ACCEPT\n. ./rules.sh\n',
      finds: [],
      unknown: 1,
    },
  ],
};

function run(subject: ScriptSubject): ReturnType<ScriptCheck['run']> {
  const { timeline, needed, windows } = subject;
  const undecided = windows.known ? [] : [{ id: fwOps03.id, why: windows.why, remedy: windows.remedy }];
  const unknown = [...undecided, ...unclearTo(fwOps03.id, subject)];
  const changing = timeline.moments.filter(({ step, changed }) => step !== null && changed.length > 0);
  const transactions = changing.length;
  const open = windows.known ? windows.value : [];
  const isCut = ([4, 6] as const).some(
    (family) => changing.filter(({ changed }) => changed.includes(family)).length > Math.max(1, needed[family]),
  );
  if (!isCut && open.length === 0) return { findings: [], unknown };
  const [window] = [...open].sort((a, b) => b.to - b.from - (a.to - a.from));
  const fewest = needed[4] + needed[6];
  const count = `The change is made in ${transactions} steps, where ${fewest < 2 ? 'one would' : `${fewest} would`} do`;
  const times = open.slice(0, 6).map(({ family, hook, from, to, witness }) => {
    const way = hook === 'input' ? 'into the host' : 'through it';
    return `From ${sayCommand(subject, from, 'short')} to ${sayCommand(subject, to, 'short')} IPv${family} packets come ${way} that neither the rules before nor those after let in, such as ${sayPacket(witness.packet)}.`;
  });
  const doubtful = window !== undefined && window.to >= subject.doubtfulFrom;
  return {
    findings: [
      {
        id: fwOps03.id,
        severity: 'medium',
        certainty: doubtful ? 'possible' : 'certain',
        title:
          window === undefined
            ? count
            : `The host stands open from ${sayCommand(subject, window.from, 'short')} to ${sayCommand(subject, window.to, 'short')} of the script`,
        why: [
          ...(window === undefined ? [] : [`${count}.`]),
          ...times,
          'A script that ends half-way leaves what stands then.',
        ].join(' '),
        family: window?.family ?? null,
        at: [],
        causedBy: [],
        witness: window?.witness ?? null,
        fix: 'Load the whole change in one transaction instead, as it stands under the findings.',
        refs: fwOps03.refs,
      },
    ],
    unknown,
  };
}
