import { known } from '../../model/host/index.ts';
import { sayRef } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located } from '../finding.ts';
import { witnessOfRule } from '../packet-sets.ts';
import { type RecentUse, recentUsesOf } from '../recent-uses.ts';

/**
 * `recent` keeps 100 addresses a list unless the module was loaded with ip_list_tot: 106 other sources push an attacker's own entry
 * out (measured). Further: the list DEFAULT, which every rule without --name shares; a list that is asked and never written, or
 * written and never asked; hit counts above 20, which kernels before 4.19 refuse (Linux 6.18 takes up to 65,535). Lists of
 * dead rules are not looked at. The module's settings are not read, so that the size is a possible fault only.
 */
export const fwRate04: Check = {
  id: 'FW-RATE-04',
  title: 'lists of recent sources hold what they must',
  severity: 'medium',
  kinds: ['Y', 'H'],
  refs: ['iptables-extensions(8), recent'],
  why: 'A limit that an attacker can make forget him limits nobody.',
  fix: 'Load xt_recent with a longer ip_list_tot, name each list, or count with hashlimit.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide never asks its list', v4: guide, finds: [] },
    {
      title: 'the guide without its first rule',
      v4: guide.replace('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n', ''),
      finds: ['medium 4'],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'written and never asked',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -m recent --set --name ssh --rsource -j ACCEPT']),
      finds: ['medium 4'],
    },
    {
      title: 'asked and never written',
      v4: filter(['-A INPUT -p tcp -m recent --rcheck --hitcount 3 --seconds 60 --name ssh --rsource -j DROP']),
      finds: ['medium 4'],
    },
    {
      title: 'a list that a program writes through /proc',
      v4: filter(['-A INPUT -m recent --rcheck --name blocked --rsource -j DROP']),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

/** What ip_list_tot is unless the module was told otherwise (net/netfilter/xt_recent.c). */
const entries = 100;
/** What ip_pkt_list_tot allowed in kernels before 4.19. */
const oldHits = 20;

function run(subject: Subject): Answer {
  return eachFamily(
    fwRate04,
    subject,
    ({ family, ruleset }) => {
      if (!ruleset.text.includes('recent')) return known([]);
      return subject.ask(family, (engine) => {
        const uses = recentUsesOf(engine);
        return [...Map.groupBy(uses, ({ name }) => name)].flatMap(([name, ofList]) => {
          const faults = faultsOf(name, ofList);
          const [first] = faults;
          if (first === undefined) return [];
          const at = [...new Map(ofList.map((use) => [use.at.line, use.at])).values()];
          const certain = faults.some((fault) => fault.certain);
          return [
            describe(
              subject,
              name,
              at,
              faults.map(({ said }) => said),
              certain,
              witnessOfRule(subject, engine, at[0] as Located),
            ),
          ];
        });
      });
    },
    ['input'],
  );
}

interface Fault {
  readonly said: string;
  readonly certain: boolean;
}

function faultsOf(name: string, uses: readonly RecentUse[]): readonly Fault[] {
  const asks = uses.filter(({ command }) => command === 'rcheck' || command === 'update');
  const writes = uses.filter(({ command }) => command === 'set');
  const counts = asks.filter(({ hitcount }) => hitcount > 1);
  const faults: Fault[] = [];
  if (asks.length === 0 && writes.length > 0) faults.push({ said: 'it is written and never asked', certain: true });
  // A list without a count may be filled by a program, through /proc/net/xt_recent.
  if (counts.length > 0 && writes.length === 0) faults.push({ said: 'it counts and is never written', certain: true });
  if (counts.length > 0 && writes.length > 0) {
    faults.push({
      said: `it holds ${entries} sources unless xt_recent was loaded with ip_list_tot: whoever sends from more of them makes it forget himself`,
      certain: false,
    });
    if (name === 'DEFAULT')
      faults.push({ said: 'it is the list DEFAULT, which every rule without --name shares', certain: true });
  }
  const high = Math.max(0, ...asks.map(({ hitcount }) => hitcount));
  if (high > oldHits)
    faults.push({
      said: `it counts to ${high}, and kernels before 4.19 take at most ${oldHits} without ip_pkt_list_tot`,
      certain: false,
    });
  return faults;
}

function describe(
  { host }: Subject,
  name: string,
  at: readonly Located[],
  faults: readonly string[],
  certain: boolean,
  witness: Finding['witness'],
): Finding {
  const { family } = at[0] as Located;
  return {
    id: fwRate04.id,
    severity: 'medium',
    certainty: certain ? 'certain' : 'possible',
    title: `The list ${name} of recent sources does not hold what it must`,
    why: `Of the list ${name}, used by ${sayFew(
      at.map((ref) => sayRef(host, ref)),
      2,
    )}: ${faults.join('; ')}.`,
    family,
    at,
    causedBy: [],
    witness,
    fix: 'Count with -m hashlimit --hashlimit-mode srcip and a name of its own instead; or set the module’s sizes in /etc/modprobe.d, where they count from the next load on: options xt_recent ip_list_tot=10000',
    refs: fwRate04.refs,
  };
}
