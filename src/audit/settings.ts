import { type Host, type Known, known, unknown } from '../model/host/index.ts';
import { sayList } from './blame.ts';
import type { Answer, Check } from './check.ts';
import type { Severity } from './finding.ts';
import { fine, found, shellWord, unanswered } from './host-finding.ts';
import { ipv6Off, loopbackOf } from './surroundings.ts';

/** A kernel setting and the value it should have. */
export interface Setting {
  /** `net.ipv4.conf.*.send_redirects`, where `*` is each link; or one setting's whole name. */
  readonly name: string;
  readonly good: (value: number) => boolean;
  /** What to set. */
  readonly wanted: string;
  /**
   * How the kernel joins a link's own value with that of `all` (include/linux/inetdevice.h, IN_DEV_ANDCONF and so on): default,
   * only the link's own counts.
   */
  readonly joins?: 'own' | 'or' | 'and' | 'max' | 'min';
}

/** Where a setting is not as it should be. */
export interface Misset {
  readonly setting: Setting;
  /** `send_redirects is 1 on eth0 and eth1`. */
  readonly said: string;
  /** Links on which it is so now; empty for one that is of no link, and where only links to come are concerned. */
  readonly links: readonly string[];
  /** Assignments that mend it, for all links. */
  readonly mends: readonly string[];
  /** Only links that are down, or that appear later, have the wrong value. */
  readonly later: boolean;
}

const shownLinks = 4;

/** `null`: as it should be, or the kernel does not have it. */
export function judge(host: Host, setting: Setting): Known<Misset | null> {
  if (!host.sysctls.known) return host.sysctls;
  const values = host.sysctls.value;
  const numberAt = (name: string): number | undefined => {
    const text = values.get(name);
    return text !== undefined && /^-?\d+/.test(text) ? Number.parseInt(text, 10) : undefined;
  };
  const missing = (name: string): Known<null> =>
    host.origin === 'live' ? known(null) : unknown(`the files do not say ${name}`, `add it to "sysctls" of --facts FILE`);
  const { name, good, wanted, joins = 'own' } = setting;
  if (!name.includes('*')) {
    const value = numberAt(name);
    if (value === undefined) return missing(name);
    if (good(value)) return known(null);
    return known({ setting, said: `${name} is ${values.get(name)}`, links: [], mends: [`${name}=${wanted}`], later: false });
  }
  if (name.startsWith('net.ipv6.') && ipv6Off(host)) return known(null);
  const of = (link: string): string => name.replace('*', link.replaceAll('.', '/'));
  const all = numberAt(of('all'));
  if (all === undefined && (joins !== 'own' || host.origin === 'live')) return missing(of('all'));
  const join = (own: number | undefined): number | undefined => joined(joins, all ?? 0, own);
  const wrong: string[] = [];
  const down: string[] = [];
  let untold: string | undefined;
  for (const { link, up } of linksOf(host, name)) {
    const value = join(numberAt(of(link)));
    if (value === undefined) untold ??= of(link);
    else if (!good(value)) (up ? wrong : down).push(link);
  }
  if (wrong.length === 0 && untold !== undefined && host.origin === 'files') return missing(untold);
  const fresh = join(numberAt(of('default')));
  const later = down.length > 0 || (fresh !== undefined && !good(fresh));
  if (wrong.length === 0 && !later) return fresh === undefined ? missing(of('default')) : known(null);
  const key = name.slice(name.lastIndexOf('.') + 1);
  const value = join(numberAt(of(wrong[0] ?? down[0] ?? 'default')));
  const where = sayLinks(wrong.length > 0 ? wrong : [...down.map((link) => `${link} (down)`), 'links that appear later']);
  const everywhere = joins === 'own' ? [] : [`${of('all')}=${wanted}`];
  // What `all` switches on, it switches on everywhere; off it switches nothing that a link has on.
  const each =
    joins === 'own' || (joins === 'or' && wanted === '0') ? [...wrong, ...down].map((link) => `${of(link)}=${wanted}`) : [];
  return known({
    setting,
    said: `${key} is ${value} on ${where}`,
    links: wrong,
    mends: [...everywhere, `${of('default')}=${wanted}`, ...each],
    later: wrong.length === 0,
  });
}

/** `undefined` where the link's own value would decide and is not known. */
function joined(joins: NonNullable<Setting['joins']>, all: number, own: number | undefined): number | undefined {
  if (own === undefined)
    return ((joins === 'or' || joins === 'max') && all !== 0) || (joins === 'and' && all === 0) ? all : undefined;
  switch (joins) {
    case 'own':
      return own;
    case 'or':
      return all === 0 ? own : all;
    case 'and':
      return all === 0 ? all : own;
    case 'max':
      return Math.max(all, own);
    case 'min':
      return Math.min(all, own);
  }
}

/** The host's links but the loopback; where they are not known, those that the setting is told of. */
function linksOf(host: Host, name: string): readonly { readonly link: string; readonly up: boolean }[] {
  const loopback = loopbackOf(host);
  if (host.links.known) return host.links.value.filter((link) => !link.loopback).map(({ name: link, up }) => ({ link, up }));
  if (!host.sysctls.known) return [];
  const [before = '', after = ''] = name.split('*');
  return [...host.sysctls.value.keys()]
    .filter((each) => each.startsWith(before) && each.endsWith(after) && each.length > before.length + after.length)
    .map((each) => each.slice(before.length, -after.length).replaceAll('/', '.'))
    .filter((link) => link !== 'all' && link !== 'default' && link !== loopback)
    .map((link) => ({ link, up: true }));
}

function sayLinks(links: readonly string[]): string {
  if (links.length <= shownLinks) return sayList(links);
  return `${links.slice(0, shownLinks - 1).join(', ')} and ${links.length - shownLinks + 1} more links`;
}

/** What a check of settings says where they are wrong. */
export interface About {
  /** Names what is wrong, in front of the settings: `ICMP redirects are accepted`. */
  readonly title: string;
  readonly why: string;
  readonly severity?: Severity | ((wrong: readonly Misset[]) => Severity);
  readonly certainty?: 'certain' | 'possible';
  readonly family?: 4 | 6 | null;
  /** A sentence; the commands follow. */
  readonly fix: string;
}

/** One finding for all of the settings that are wrong, however many links have them; unknown if none is and one is not known. */
export function askSettings(host: Host, check: Check, settings: readonly Setting[], about: About): Answer {
  const judged = settings.map((setting) => judge(host, setting));
  const wrong = judged.flatMap((each) => (each.known && each.value !== null ? [each.value] : []));
  const missing = judged.find((each) => !each.known);
  if (wrong.length === 0) return missing?.known === false ? unanswered(check, missing) : fine;
  const asked = typeof about.severity === 'function' ? about.severity(wrong) : (about.severity ?? check.severity);
  // What no packet can meet yet is no more than a mistake in waiting.
  const severity = wrong.every(({ later }) => later) && asked !== 'info' ? 'low' : asked;
  return found(check, {
    severity,
    ...(about.certainty !== undefined && { certainty: about.certainty }),
    family: about.family ?? null,
    title: `${about.title}: ${wrong.map(({ said }) => said).join(', ')}`,
    why: about.why,
    fix: settingFix(
      about.fix,
      check,
      wrong.flatMap(({ mends }) => mends),
    ),
  });
}

/** Sets them now, and for every boot in a file of the check's own. */
export function settingFix(sentence: string, check: Check, mends: readonly string[]): string {
  const file = `/etc/sysctl.d/60-${check.id.toLowerCase()}.conf`;
  const words = mends.map(shellWord);
  return `${sentence}\nsysctl -w ${words.join(' ')}\nprintf '%s\\n' ${words.join(' ')} > ${file}`;
}
