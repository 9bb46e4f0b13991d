import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { meaningsOf } from '../../model/ruleset/index.ts';
import { sayList, toolOf } from '../blame.ts';
import { runs } from '../booting.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, oneLink } from '../examples.ts';
import { both, fine, found, given, shellWord, unanswered } from '../host-finding.ts';

const host = (...names: readonly string[]): object => ({
  ...oneLink,
  processes: [{ pid: 1, name: 'systemd' }, ...names.map((name, index) => ({ pid: index + 2, name }))],
});
const chain = [':f2b-sshd - [0:0]', '-A f2b-sshd -s 192.0.2.7/32 -j REJECT', '-A f2b-sshd -j RETURN'];
const jump = '-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd';
const set =
  'create crowdsec-blacklists hash:net family inet hashsize 1024 maxelem 65536 timeout 300\nadd crowdsec-blacklists 192.0.2.7\n';

const chainNames = /^(f2b-|fail2ban-|CROWDSEC)/;
const setNames = /^(f2b-|fail2ban|crowdsec)/;
const banners = /^(fail2ban-serve|crowdsec|cs-firewall-bou)/;

/** fail2ban makes its chain with the first ban, so that no chain is no fault; one that no rule leads to bans nobody. */
export const fwOps07: Check = {
  id: 'FW-OPS-07',
  title: 'the bans of fail2ban and CrowdSec are in force',
  severity: 'low',
  kinds: ['H'],
  refs: [],
  why: 'A reload of the firewall takes away the rule that leads to the bans, and the program that made it believes that they hold.',
  fix: 'Restart the program after each reload of the rules, or load rules in a way that leaves others’ alone.',
  run,
  examples: [
    { title: 'no such program', v4: empty, v6: empty, facts: host(), finds: [] },
    {
      title: 'a chain that a rule leads to',
      v4: filter([...chain.slice(0, 1), jump, ...chain.slice(1)]),
      facts: host('fail2ban-server'),
      finds: [],
    },
    { title: 'a chain that nothing leads to', v4: filter(chain), facts: host('fail2ban-server'), finds: ['low 4'] },
    {
      title: 'the chain is left and the program gone',
      v4: filter([...chain.slice(0, 1), jump, ...chain.slice(1)]),
      facts: host(),
      finds: ['low 4'],
    },
    { title: 'a set that no rule asks', v4: filter([]), sets: set, facts: host('crowdsec'), finds: ['low null'] },
    {
      title: 'a set that a rule asks',
      v4: filter(['-A INPUT -m set --match-set crowdsec-blacklists src -j DROP']),
      sets: set,
      facts: host('crowdsec'),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, facts: host('fail2ban-server'), finds: [], unknown: 1 },
    { title: 'who runs was not read', v4: filter(chain), finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  const unread = ([4, 6] as const).map((family) => host.rulesets[family]).find((fact) => !fact.known);
  if (unread?.known === false) return unanswered(fwOps07, unread);
  const chains = { 4: chainsOf(host, 4), 6: chainsOf(host, 6) };
  const sets = host.sets.known ? [...host.sets.value.keys()].filter((name) => setNames.test(name)) : [];
  const asked = askedSets(host);
  const idle = sets.filter((name) => !asked.has(name));
  if (chains[4].all.length + chains[6].all.length + sets.length === 0) return fine;
  return given(fwOps07, [runs(host, banners)], (banner) =>
    both(
      ...([4, 6] as const).map((family) => ofFamily(family, chains[family], banner)),
      idle.length === 0
        ? fine
        : found(fwOps07, {
            title: `No rule asks the set ${sayList(idle)}`,
            why: 'The addresses in it are banned in name only: no packet is compared with them.',
            fix: 'Restart the program that keeps it, so that it makes its rule again.\nsystemctl restart crowdsec-firewall-bouncer fail2ban',
          }),
    ),
  );
}

interface Chains {
  readonly all: readonly string[];
  readonly detached: readonly string[];
}

function ofFamily(family: Family, { all, detached }: Chains, banner: string | null): Answer {
  if (detached.length > 0) {
    return found(fwOps07, {
      family,
      title: `No IPv${family} rule leads to the bans in ${sayList(detached)}`,
      why: `The chain is there${banner === null ? '' : ` and ${banner} runs`}, but no packet comes to it: nobody is banned.`,
      fix: 'Restart the program that made it, so that it makes its rule again.\nsystemctl restart fail2ban',
    });
  }
  if (all.length === 0 || banner !== null) return fine;
  return found(fwOps07, {
    family,
    title: `Bans are left in ${sayList(all)}, and nobody runs who would end them`,
    why: 'Neither fail2ban nor CrowdSec runs. Addresses stay banned for ever, and new attackers are not.',
    fix: `Start the program again, or empty the chain.\n${all.map((name) => `${toolOf(family)} -F ${shellWord(name)}`).join('\n')}`,
  });
}

/** Chains with the names of such programs, and those of them to which no rule leads. */
function chainsOf(host: Host, family: Family): Chains {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return { all: [], detached: [] };
  const all: string[] = [];
  const detached: string[] = [];
  const meanings = meaningsOf(ruleset.value);
  for (const table of ruleset.value.tables) {
    const names = [...table.chains.keys()].filter((name) => chainNames.test(name));
    if (names.length === 0) continue;
    const led = new Set(
      table.rules.flatMap((rule) => {
        const effect = meanings.get(rule)?.effect;
        return effect?.kind === 'jump' && !chainNames.test(rule.chain) ? [effect.chain] : [];
      }),
    );
    // Without a rule that denies nobody is banned.
    all.push(
      ...names.filter((name) =>
        table.chains.get(name)?.rules.some((rule) => {
          const effect = meanings.get(rule)?.effect;
          return effect?.kind === 'verdict' && effect.verdict !== 'ACCEPT';
        }),
      ),
    );
    // A chain of theirs may lead to another of theirs.
    const inner = new Set(
      table.rules.flatMap((rule) => {
        const effect = meanings.get(rule)?.effect;
        return effect?.kind === 'jump' && led.has(rule.chain) ? [effect.chain] : [];
      }),
    );
    detached.push(...names.filter((name) => !led.has(name) && !inner.has(name)));
  }
  return { all, detached };
}

function askedSets(host: Host): ReadonlySet<string> {
  const asked = new Set<string>();
  for (const family of [4, 6] as const) {
    const ruleset = host.rulesets[family];
    if (!ruleset.known) continue;
    for (const [, name = ''] of ruleset.value.text.matchAll(/--match-set ("(?:[^"\\]|\\.)*"|\S+)/g))
      asked.add(name.replace(/^"|"$/g, ''));
  }
  return asked;
}
