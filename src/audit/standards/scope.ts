import { mappedControls } from './mapped.ts';
import type { StandardKey } from './standard.ts';

/** A control of a standard that is about the firewall. */
export interface Control {
  readonly control: string;
  /** What it asks for, in our words; `null` where only the checks say it. */
  readonly title: string | null;
  /** The standard itself leaves the answer to a person. */
  readonly manual: boolean;
  /** It is written for hosts whose firewall is of this kind. */
  readonly only: 'ufw' | 'nftables' | null;
  /** It is about the rules of one family. */
  readonly family: 4 | 6 | null;
}

type Row = readonly [control: string, title: string, more?: Partial<Pick<Control, 'manual' | 'only'>> | undefined];

const byHand = { manual: true } as const;
const ufw = { only: 'ufw' } as const;
const nftables = { only: 'nftables' } as const;

const debian12: readonly Row[] = [
  ['1.2.2.1', 'Updates and security patches are installed', byHand],
  ['2.1.22', 'Only approved services listen on the network', byHand],
  ['2.3.1.1', 'One service keeps the time'],
  ['3.1.1', 'It is known whether IPv6 is in use', byHand],
  ['3.2.1', 'The dccp module cannot be loaded'],
  ['3.2.2', 'The tipc module cannot be loaded'],
  ['3.2.3', 'The rds module cannot be loaded'],
  ['3.2.4', 'The sctp module cannot be loaded'],
  ['3.3.1', 'Forwarding is off'],
  ['3.3.2', 'No redirects are sent'],
  ['3.3.3', 'Bogus ICMP answers are ignored'],
  ['3.3.4', 'Pings to broadcast addresses are ignored'],
  ['3.3.5', 'No redirects are accepted'],
  ['3.3.6', 'No redirects are accepted from gateways either'],
  ['3.3.7', 'Source addresses are checked against routes'],
  ['3.3.8', 'No source routes are accepted'],
  ['3.3.9', 'Impossible source addresses are logged'],
  ['3.3.10', 'SYN cookies are on'],
  ['3.3.11', 'No router advertisements are accepted'],
  ['4.1.1', 'One firewall tool is in use, and no other'],
  ['4.2.1', 'ufw is installed', ufw],
  ['4.2.2', 'iptables-persistent is not installed beside ufw', ufw],
  ['4.2.3', 'ufw is enabled', ufw],
  ['4.2.4', 'ufw lets loopback through', ufw],
  ['4.2.5', 'ufw lets out what is wanted', { ...byHand, ...ufw }],
  ['4.2.6', 'ufw has a rule for every open port', ufw],
  ['4.2.7', 'ufw denies by default', ufw],
  ['4.3.1', 'nftables is installed', nftables],
  ['4.3.2', 'ufw is not in use beside nftables', nftables],
  ['4.3.3', 'No rules of iptables stand beside those of nftables', { ...byHand, ...nftables }],
  ['4.3.4', 'nftables has a table', nftables],
  ['4.3.5', 'nftables has base chains', nftables],
  ['4.3.6', 'nftables lets loopback through', nftables],
  ['4.3.7', 'nftables lets out what is wanted, and answers in', { ...byHand, ...nftables }],
  ['4.3.8', 'nftables denies by default', nftables],
  ['4.3.9', 'The service of nftables is enabled', nftables],
  ['4.3.10', 'The rules of nftables are loaded at boot', nftables],
  ['4.4.1.1', 'The packages of iptables are installed'],
  ['4.4.1.2', 'nftables is not in use beside iptables'],
  ['4.4.1.3', 'ufw is not in use beside iptables'],
  ['4.4.2.1', 'IPv4 is denied by default'],
  ['4.4.2.2', 'IPv4 loopback is let through, and nothing else from its addresses'],
  ['4.4.2.3', 'IPv4: what is wanted is let out, and answers in', byHand],
  ['4.4.2.4', 'IPv4: every open port has a rule'],
  ['4.4.3.1', 'IPv6 is denied by default'],
  ['4.4.3.2', 'IPv6 loopback is let through, and nothing else from its address'],
  ['4.4.3.3', 'IPv6: what is wanted is let out, and answers in', byHand],
  ['4.4.3.4', 'IPv6: every open port has a rule'],
];

/** The firewall part has the same order, one chapter earlier. */
const ubuntu2204 = debian12.flatMap(([control, title, more]): readonly Row[] => {
  const [, chapter, rest] = /^4\.([234])(\..*)$/.exec(control) ?? [];
  return chapter === undefined ? [] : [[`4.${Number(chapter) - 1}${rest}`, title, more]];
});

/** What the firewall parts of some standards ask for, whether a check answers to it or not. */
const rows: { readonly [K in StandardKey]?: readonly Row[] } = {
  cisDebian12: debian12,
  cisUbuntu2204: ubuntu2204,
  cisSle15: [
    ['3.5.3.2.1', 'IPv4 is denied by default'],
    ['3.5.3.2.2', 'IPv4 loopback is let through, and nothing else from its addresses'],
    ['3.5.3.2.3', 'IPv4: what is wanted is let out, and answers in'],
    ['3.5.3.2.4', 'IPv4: every open port has a rule'],
    ['3.5.3.3.1', 'IPv6 is denied by default'],
    ['3.5.3.3.2', 'IPv6 loopback is let through, and nothing else from its address'],
    ['3.5.3.3.3', 'IPv6: what is wanted is let out, and answers in'],
    ['3.5.3.3.4', 'IPv6: every open port has a rule'],
  ],
  pciDss4: [
    ['1.1.1', 'Policies and procedures are written down, current and known', byHand],
    ['1.1.2', 'Who is responsible is written down and known', byHand],
    ['1.2.1', 'Standards for the rules are defined, followed and kept', byHand],
    ['1.2.2', 'Changes are approved and controlled', byHand],
    ['1.2.3', 'There is a current diagram of the network', byHand],
    ['1.2.4', 'There is a current diagram of where account data flows', byHand],
    ['1.2.5', 'Every service, protocol and port that is allowed has an approval and a need', byHand],
    ['1.2.6', 'Insecure services in use have measures against their risk', byHand],
    ['1.2.7', 'Rules are reviewed at least every six months', byHand],
    ['1.2.8', 'Stored configuration is protected, and is what is in force', byHand],
    ['1.3.1', 'Only necessary traffic comes in; all other is denied'],
    ['1.3.2', 'Only necessary traffic goes out; all other is denied'],
    ['1.3.3', 'Wireless networks are kept apart', byHand],
    ['1.4.1', 'Trusted and untrusted networks are kept apart'],
    ['1.4.2', 'From untrusted networks come only what is offered, and answers'],
    ['1.4.3', 'Forged source addresses are refused'],
    ['1.4.4', 'Stored account data cannot be reached from untrusted networks'],
    ['1.4.5', 'Inner addresses and routes are not shown outside'],
    ['1.5.1', 'Devices in two networks protect themselves', byHand],
    ['6.3.3', 'Security patches are installed in time'],
    ['10.2', 'There are logs that show what happened', byHand],
    ['10.3.3', 'Logs are copied to a central place in time'],
    ['11.5.2', 'Changes of critical files are noticed'],
  ],
};

/** Chapters that ask the same of each family. */
const chapters: { readonly [K in StandardKey]?: Readonly<Record<4 | 6, string>> } = {
  cisDebian12: { 4: '4.4.2.', 6: '4.4.3.' },
  cisUbuntu2204: { 4: '4.3.2.', 6: '4.3.3.' },
  cisSle15: { 4: '3.5.3.2.', 6: '3.5.3.3.' },
};

/** The controls of a standard's firewall part: those that are listed, and others that a check answers to, by number. */
export function controlsIn(standard: StandardKey): readonly Control[] {
  const familyOf = (control: string): 4 | 6 | null =>
    ([4, 6] as const).find((family) => control.startsWith(chapters[standard]?.[family] ?? '-')) ?? null;
  const listed = (rows[standard] ?? []).map(
    ([control, title, { manual = false, only = null } = {}]): Control => ({
      control,
      title,
      manual,
      only,
      family: familyOf(control),
    }),
  );
  const known = new Set(listed.map(({ control }) => control));
  const others = mappedControls(standard)
    .filter((control) => !known.has(control))
    .map((control): Control => ({ control, title: null, manual: false, only: null, family: familyOf(control) }));
  return [...listed, ...others].sort((a, b) => byNumber(a.control, b.control));
}

/** `4.3.9` before `4.3.10`, whatever language the machine speaks. */
function byNumber(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.\-()]/));
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at += 1) {
    const [one, other] = [left?.[at] ?? '', right?.[at] ?? ''];
    const difference = Number(one) - Number(other);
    if (Number.isNaN(difference) ? one !== other : difference !== 0) {
      return Number.isNaN(difference) ? (one < other ? -1 : 1) : difference;
    }
  }
  return 0;
}
