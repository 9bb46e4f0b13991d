import type { Severity } from './finding.ts';

/** One vulnerability of netfilter in the kernel, or of iptables itself. */
export interface Cve {
  readonly id: string;
  readonly product: 'linux' | 'iptables';
  /** Where in it, and what goes wrong: one clause. */
  readonly says: string;
  readonly severity: Severity;
  /** On CISA's list of those that are known to be exploited. */
  readonly exploited?: true;
  /** The first upstream version that has it; left out: from the beginning, as far as anybody said. */
  readonly since?: string;
  /** Upstream versions with the fix, the mainline one first, then one for each stable series of which that is known. */
  readonly fixed: readonly string[];
  /** Debian's versions with the fix by release, as its changelogs say; `0` where the release never had it. */
  readonly debian?: Readonly<Partial<Record<string, string>>>;
  /**
   * `read`: versions of stable series are from changelogs or records; mainline ones of 2026 are set late rather than early.
   * `recalled`: upstream versions are from memory. Debian's are always read.
   */
  readonly upstream: 'read' | 'recalled';
}

/** When this list was made, and Debian's changelogs were read (linux 5.10.262-1, 6.1.187-1 and 6.12.118-1). */
export const cvesAsOf = '2026-11-30';

/** After so many days the list is said to be old. */
export const cvesOldDays = 180;

/** Almost all need CAP_NET_ADMIN, which any user has in a user namespace of its own where those are allowed. */
export const cves: readonly Cve[] = [
  {
    id: 'CVE-2012-2663',
    product: 'iptables',
    says: '--syn lets packets with SYN and FIN pass as no new connections',
    severity: 'medium',
    fixed: ['1.4.21'],
    upstream: 'recalled',
  },
  {
    id: 'CVE-2019-11360',
    product: 'iptables',
    says: 'iptables-restore writes behind a buffer for a long quoted word',
    severity: 'low',
    fixed: ['1.8.3'],
    upstream: 'recalled',
  },
  {
    id: 'CVE-2021-22555',
    product: 'linux',
    says: 'x_tables writes out of bounds for 32-bit programs',
    severity: 'high',
    exploited: true,
    since: '2.6.19',
    fixed: ['5.12', '5.10.31', '5.4.113', '4.19.188'],
    debian: { 11: '5.10.38-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2022-1015',
    product: 'linux',
    says: 'nf_tables checks registers of expressions too little',
    severity: 'high',
    since: '5.12',
    fixed: ['5.18', '5.17.1', '5.16.18', '5.15.32'],
    upstream: 'recalled',
  },
  {
    id: 'CVE-2022-1016',
    product: 'linux',
    says: 'nf_tables shows what was left in its registers',
    severity: 'medium',
    since: '3.13',
    fixed: ['5.18', '5.17.1', '5.16.18', '5.15.32', '5.10.109'],
    debian: { 11: '5.10.113-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2022-25636',
    product: 'linux',
    says: 'nf_dup_netdev writes out of bounds when rules are offloaded',
    severity: 'high',
    since: '5.4',
    fixed: ['5.17', '5.16.12', '5.15.26', '5.10.103', '5.4.182'],
    debian: { 11: '5.10.103-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2022-32250',
    product: 'linux',
    says: 'nf_tables uses an expression of a set after it is freed',
    severity: 'high',
    fixed: ['5.19', '5.18.2', '5.15.45', '5.10.120'],
    debian: { 11: '5.10.120-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2022-34918',
    product: 'linux',
    says: 'nf_tables takes a set element for one of another type',
    severity: 'high',
    since: '5.8',
    fixed: ['5.19', '5.18.10'],
    debian: { 11: '5.10.127-2' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2022-2586',
    product: 'linux',
    says: 'nf_tables uses a set of another table after it is freed',
    severity: 'high',
    exploited: true,
    since: '3.16',
    fixed: ['6.0', '5.19.2', '5.15.61', '5.10.137'],
    debian: { 11: '5.10.136-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-0179',
    product: 'linux',
    says: 'nf_tables copies VLAN headers beyond the stack',
    severity: 'high',
    since: '5.5',
    fixed: ['6.2', '6.1.7', '5.15.89', '5.10.164'],
    debian: { 11: '5.10.162-1', 12: '6.1.7-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-32233',
    product: 'linux',
    says: 'nf_tables uses an anonymous set after it is freed',
    severity: 'high',
    fixed: ['6.4', '6.3.2', '6.1.28', '5.15.111', '5.10.180'],
    debian: { 11: '5.10.179-1', 12: '6.1.27-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-31248',
    product: 'linux',
    says: 'nf_tables finds chains that are going away',
    severity: 'high',
    fixed: ['6.5', '6.4.4', '6.1.39', '5.15.121', '5.10.187'],
    debian: { 11: '5.10.179-2', 12: '6.1.38-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-35001',
    product: 'linux',
    says: 'nf_tables writes out of bounds when it changes the order of bytes',
    severity: 'high',
    fixed: ['6.5', '6.4.4', '6.1.39', '5.15.121', '5.10.187'],
    debian: { 11: '5.10.179-2', 12: '6.1.38-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-3390',
    product: 'linux',
    says: 'nf_tables uses a set after an error freed it',
    severity: 'high',
    fixed: ['6.4'],
    debian: { 11: '5.10.179-3', 12: '6.1.37-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-3610',
    product: 'linux',
    says: 'nf_tables uses a bound chain after it is freed',
    severity: 'high',
    fixed: ['6.4', '6.3.10', '6.1.36'],
    debian: { 11: '5.10.179-3', 12: '6.1.37-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-4004',
    product: 'linux',
    says: 'the pipapo sets of nf_tables use an element after it is freed',
    severity: 'high',
    fixed: ['6.5', '6.4.11'],
    debian: { 11: '5.10.191-1', 12: '6.1.52-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-4147',
    product: 'linux',
    says: 'nf_tables uses a rule after it is freed',
    severity: 'high',
    fixed: ['6.5', '6.4.11'],
    debian: { 11: '5.10.191-1', 12: '6.1.52-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-4244',
    product: 'linux',
    says: 'the garbage collection of nf_tables races with changes',
    severity: 'high',
    fixed: ['6.5', '6.4.11', '6.1.55', '5.10.197'],
    debian: { 11: '5.10.197-1', 12: '6.1.55-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2023-5197',
    product: 'linux',
    says: 'nf_tables lets rules of bound chains be removed twice',
    severity: 'high',
    fixed: ['6.6', '6.5.6', '6.1.56', '5.10.198'],
    debian: { 11: '5.10.205-1', 12: '6.1.64-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2024-1086',
    product: 'linux',
    says: 'nf_tables frees a packet twice by way of a verdict',
    severity: 'high',
    exploited: true,
    since: '3.15',
    fixed: ['6.8', '6.7.3', '6.6.15', '6.1.76', '5.15.149'],
    debian: { 11: '5.10.209-2', 12: '6.1.76-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2024-26643',
    product: 'linux',
    says: 'nf_tables races with the time-outs of an anonymous set',
    severity: 'medium',
    fixed: ['6.8', '6.7.12', '6.6.24', '6.1.84', '5.15.154', '5.10.215', '5.4.274'],
    debian: { 11: '5.10.216-1', 12: '6.1.85-1' },
    upstream: 'read',
  },
  {
    id: 'CVE-2024-53141',
    product: 'linux',
    says: 'ipset checks ranges of bitmap:ip sets too little',
    severity: 'high',
    fixed: ['6.13', '6.12.2', '6.6.64', '6.1.120', '5.15.174', '5.10.231'],
    debian: { 11: '5.10.234-1', 12: '6.1.123-1' },
    upstream: 'recalled',
  },
  {
    id: 'CVE-2025-71160',
    product: 'linux',
    says: 'nf_tables locks up over chains that jump in many ways',
    severity: 'medium',
    fixed: ['7.0', '6.12.66'],
    debian: { 13: '6.12.69-1' },
    upstream: 'read',
  },
  {
    id: 'CVE-2026-23231',
    product: 'linux',
    says: 'nf_tables uses a chain after an error freed it',
    severity: 'high',
    fixed: ['7.0', '6.12.75', '6.1.165'],
    debian: { 12: '6.1.170-1', 13: '6.12.85-1' },
    upstream: 'read',
  },
  {
    id: 'CVE-2026-23351',
    product: 'linux',
    says: 'the pipapo sets of nf_tables use elements after they are freed',
    severity: 'high',
    fixed: ['7.0', '6.12.77', '6.1.167', '5.10.253'],
    debian: { 11: '5.10.257-1', 12: '6.1.170-1', 13: '6.12.85-1' },
    upstream: 'read',
  },
  {
    id: 'CVE-2026-23392',
    product: 'linux',
    says: 'nf_tables uses a flowtable after an error freed it',
    severity: 'high',
    fixed: ['7.0', '6.12.78', '6.1.167'],
    debian: { 12: '6.1.170-1', 13: '6.12.85-1' },
    upstream: 'read',
  },
  {
    id: 'CVE-2026-31424',
    product: 'linux',
    says: 'extensions of iptables crash the kernel in rules for ARP',
    severity: 'medium',
    fixed: ['7.1', '6.12.81', '6.1.168', '5.10.253'],
    debian: { 11: '5.10.257-1', 12: '6.1.170-1', 13: '6.12.85-1' },
    upstream: 'read',
  },
  {
    id: 'CVE-2026-31681',
    product: 'linux',
    says: 'multiport reads ports out of bounds and matches wrongly',
    severity: 'medium',
    fixed: ['7.1', '6.12.83', '6.1.175', '5.10.258'],
    debian: { 11: '5.10.259-1', 12: '6.1.176-1', 13: '6.12.85-1' },
    upstream: 'read',
  },
  {
    id: 'CVE-2026-43454',
    product: 'linux',
    says: 'nf_tables registers a hook of a device twice',
    severity: 'high',
    since: '6.16',
    fixed: ['7.0', '6.19.9', '6.18.19'],
    upstream: 'read',
  },
  {
    id: 'CVE-2026-46324',
    product: 'linux',
    says: 'nf_tables removes hooks of devices under those who list them',
    severity: 'medium',
    fixed: ['7.2', '6.12.114'],
    debian: { 13: '6.12.115-1' },
    upstream: 'read',
  },
];
