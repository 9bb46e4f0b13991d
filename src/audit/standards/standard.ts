/** A document that asks for controls, in the edition whose numbers are used here. */
export interface Standard {
  /** As references say it, before the control's number. */
  readonly name: string;
  readonly title: string;
  /** The edition that the numbers are of; `null` where the source that was read names none. */
  readonly version: string | null;
  /** Another document in which the same controls have the same numbers. */
  readonly same?: string;
  /** Its numbers are written down from memory and were not looked up in the text. */
  readonly recalled?: true;
}

/** Numbers were read in ComplianceAsCode's control files of August 2026 where nothing else is said. */
export const standards = {
  cisDebian12: {
    name: 'CIS Debian 12',
    title: 'CIS Debian Linux 12 Benchmark',
    version: 'v1.1.0',
    same: 'CIS Ubuntu Linux 24.04 LTS Benchmark v1.0.0',
  },
  cisUbuntu2204: { name: 'CIS Ubuntu 22.04', title: 'CIS Ubuntu Linux 22.04 LTS Benchmark', version: 'v2.0.0' },
  cisDebian13: { name: 'CIS Debian 13', title: 'CIS Debian Linux 13 Benchmark', version: null },
  cisSle15: { name: 'CIS SLE 15', title: 'CIS SUSE Linux Enterprise 15 Benchmark', version: null },
  cisRhel9: { name: 'CIS RHEL 9', title: 'CIS Red Hat Enterprise Linux 9 Benchmark', version: 'v2.0.0' },
  cisDocker: { name: 'CIS Docker', title: 'CIS Docker Benchmark', version: null, recalled: true },
  stigRhel8: { name: 'STIG', title: 'DISA STIG for Red Hat Enterprise Linux 8', version: null },
  stigRhel9: { name: 'STIG', title: 'DISA STIG for Red Hat Enterprise Linux 9', version: null },
  stigRhel10: { name: 'STIG', title: 'DISA STIG for Red Hat Enterprise Linux 10', version: null },
  stigUbuntu2204: { name: 'STIG', title: 'DISA STIG for Ubuntu 22.04 LTS', version: null },
  stigUbuntu2404: { name: 'STIG', title: 'DISA STIG for Ubuntu 24.04 LTS', version: null },
  pciDss4: { name: 'PCI-DSS 4.0', title: 'Payment Card Industry Data Security Standard 4.0', version: '4.0' },
  pciDss3: { name: 'PCI-DSS 3', title: 'Payment Card Industry Data Security Standard 3', version: '3' },
  nist80053: { name: 'NIST 800-53', title: 'NIST SP 800-53, Security and Privacy Controls', version: 'Rev. 4' },
  nist80041: {
    name: 'NIST 800-41r1',
    title: 'NIST SP 800-41, Guidelines on Firewalls and Firewall Policy',
    version: 'Rev. 1',
    recalled: true,
  },
  anssiBp028: { name: 'ANSSI BP-028', title: 'ANSSI BP-028, Configuration recommendations of a GNU/Linux system', version: null },
  rfc: { name: 'RFC', title: 'Requests for Comments of the IETF', version: null },
  bcp: { name: 'BCP', title: 'Best Current Practices of the IETF', version: null },
  cve: { name: 'CVE', title: 'Common Vulnerabilities and Exposures', version: null },
  usCert: { name: 'US-CERT', title: 'US-CERT Technical Alerts', version: null },
  ssg: { name: 'SSG', title: 'SCAP Security Guide (ComplianceAsCode)', version: 'b3a2cca, August 2026' },
  lynis: { name: 'Lynis', title: 'Lynis', version: '3.1.6' },
  netfilter: { name: 'Netfilter', title: 'Documentation of the netfilter project', version: null },
  docker: { name: 'Docker', title: 'Documentation of Docker', version: null },
  alShaer: {
    name: 'Al-Shaer & Hamed,',
    title: 'E. Al-Shaer, H. Hamed: anomalies of firewall rules',
    version: null,
    recalled: true,
  },
  wool: {
    name: 'Wool 2004,',
    title: 'A. Wool: A Quantitative Study of Firewall Configuration Errors',
    version: '2004',
    recalled: true,
  },
  diekmann: { name: 'Diekmann et al. 2018,', title: 'C. Diekmann et al.: Verified iptables Firewall Analysis', version: '2018' },
} as const satisfies Readonly<Record<string, Standard>>;

export type StandardKey = keyof typeof standards;

/** One control that a check answers to. `recalled` where its number was not looked up. */
export interface Reference {
  readonly standard: StandardKey;
  readonly version: string | null;
  readonly control: string;
  readonly recalled?: true;
}

/** A control's number, or one that is written down from memory. */
export type Asked = string | { readonly recalled: string };

/** What a check answers to: the controls of each standard. */
export type Mapping = { readonly [K in StandardKey]?: readonly Asked[] };

/** The reference as findings say it: `CIS Debian 12 4.4.2.2`. */
export function referenceText({ standard, control }: Pick<Reference, 'standard' | 'control'>): string {
  return `${standards[standard].name} ${control}`;
}
