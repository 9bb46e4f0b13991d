import { holdsRules } from '../analysis/answers/bystanders.ts';
import { parseRuleset, type Ruleset } from '../model/ruleset/index.ts';

/** Chains and links of programs that put their rules in by themselves. */
const theirs =
  '(?:DOCKER|f2b-|fail2ban|KUBE-|cali-|CNI-|LIBVIRT_|CROWDSEC|FLANNEL|NETAVARK|CILIUM_|WEAVE|ts-|sshguard|PALISADE-)[\\w.:-]*|-[io] (?:docker|br-[0-9a-f]{12}|virbr|cni|flannel|podman|lxdbr|incusbr)[\\w.-]*';
const theirLine = new RegExp(
  `^(?::(?:${theirs}) |(?:\\[\\d+:\\d+\\] )?-A .*?(?<=[ ])(?:${theirs})(?: |$)|(?:\\[\\d+:\\d+\\] )?-A POSTROUTING -s \\S+ ! -o docker0 )`,
);

/** The rules that are nobody else's; `null` where there is nothing of theirs. */
export function withoutNeighbours(ruleset: Ruleset): Ruleset | null {
  const lines = ruleset.text.split('\n');
  const own = lines.filter((line) => !theirLine.test(line));
  if (own.length === lines.length) return null;
  const parsed = parseRuleset(own.join('\n'), { file: ruleset.file, family: ruleset.family });
  return parsed.ok ? parsed.value : null;
}

/**
 * Whether the administrator has rules of his own, which somebody must keep for him. Docker also sets the policy of FORWARD, so
 * beside its rules that alone is none.
 */
export function holdsOwnRules(ruleset: Ruleset): boolean {
  const own = withoutNeighbours(ruleset);
  if (own === null) return holdsRules(ruleset);
  return own.tables.some(
    ({ rules, chains }) =>
      rules.length > 0 || [...chains.values()].some(({ name, policy }) => policy === 'DROP' && name !== 'FORWARD'),
  );
}

const ownLine = /^(?::PAL-|(?:\[\d+:\d+\] )?-A (?:PAL-|.* -[jg] PAL-))/;

/** The rules without what palisade restores by itself when the machine starts: its chains, and the policies of built-in ones. */
export function withoutPalisade(ruleset: Ruleset): Ruleset {
  const lines = ruleset.text.split('\n').filter((line) => !ownLine.test(line));
  const text = lines.join('\n').replace(/^:(\S+) (?:ACCEPT|DROP) /gm, ':$1 ACCEPT ');
  const parsed = parseRuleset(text, { file: ruleset.file, family: ruleset.family });
  return parsed.ok ? parsed.value : ruleset;
}
