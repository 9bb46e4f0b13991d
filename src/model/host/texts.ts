/**
 * What the tools of one machine printed, before anyone understood it. Live reads and files take this same way.
 */
export interface HostTexts {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly readAt: number;
  readonly texts: Readonly<Record<TextName, TextRead>>;
  /** What package managers printed; `null` when they were not asked, which takes seconds. */
  readonly software: SoftwareTexts | null;
}

/**
 * The readings, by what they hold. Texts are latin1 (one character per byte).
 * `nftChains` is one JSON document of nft a line: first `nft -j list chains`, then `nft -j list chain …` of each base
 * chain that iptables did not make. `nftRules4` and `nftRules6` are `nft --debug=netlink list table` of the tables that
 * iptables uses: each rule as the kernel's expressions. `links`, `addresses`, `routes4` and `routes6` are JSON of `ip -j -d`; `listeners` is
 * `ss -H -n -l -t -u -p`; `sysctls` is `name = value` lines. `rules4`, `rules6` and `flowtables` are JSON of `ip -j rule` and
 * `nft -j list flowtables`, `traffic` what `tc -j` answered with the question before each answer, `tcx` a line
 * `LINK ingress COUNT` or `LINK egress COUNT` for each place with programs; the forms of `files`, `processes`, `modules` and `units`
 * are those that host-file.ts, process.ts, module.ts and unit.ts read; the others are tables of their tools.
 */
export const textNames = [
  'nftSave4',
  'nftSave6',
  'legacySave4',
  'legacySave6',
  'nftChains',
  'nftRules4',
  'nftRules6',
  'ipsets',
  'links',
  'addresses',
  'routes4',
  'routes6',
  'rules4',
  'rules6',
  'xfrm',
  'flowtables',
  'traffic',
  'tcx',
  'listeners',
  'sessions',
  'packetReaders',
  'sysctls',
  'moduleNames',
  'expectations',
  'kernel',
  'installedKernels',
  'modules',
  'files',
  'processes',
  'units',
  'auditRules',
  'conntrackLosses',
  'namespaces',
] as const;
export type TextName = (typeof textNames)[number];

/**
 * What is asked about packages, by name; docs/facts.md says which command prints each. `lists` is the time of the newest package
 * list in epoch seconds, `reboot` what stands in /run/reboot-required and its .pkgs, empty when they are not there.
 */
export const softwareNames = [
  'os-release',
  'dpkg',
  'apt',
  'apt-periodic',
  'rpm',
  'dnf',
  'dnf-security',
  'dnf-automatic',
  'zypper',
  'zypper-security',
  'apk',
  'apk-upgrades',
  'timers',
  'lists',
  'reboot',
  'needrestart',
] as const;
export type SoftwareName = (typeof softwareNames)[number];

/** Those that this machine has a use for. */
export type SoftwareTexts = Readonly<Partial<Record<SoftwareName, TextRead>>>;

export type TextRead =
  | {
      readonly read: true;
      readonly text: string;
      /** The command that printed it, as a person would type it. */
      readonly command: string;
      /** What the tool said on standard error. */
      readonly warnings: string;
    }
  | {
      readonly read: false;
      /**
       * `unused`: the tool is missing, but so is what it would read: the kernel holds nothing of the kind.
       * `missing`: only the tool is. `failed`: it ended with an error.
       */
      readonly why: 'unused' | 'missing' | 'rights' | 'failed' | 'timeout' | 'too-large';
      readonly tool: string;
      readonly detail: string;
    };
