import type { Host } from '../model/host/index.ts';
import type { Ruleset } from '../model/ruleset/index.ts';
import type { Digest } from './filed.ts';

/** Of what, by what and when: what an auditor needs to trust a report, and to ask for it again. */
export interface Evidence {
  readonly host: string;
  /** Epoch milliseconds at which the host was read. */
  readonly readAt: number;
  readonly origin: Host['origin'];
  /** As `uname -r` and `-v` say it; `null` when it was not read. */
  readonly kernel: string | null;
  readonly tool: Tool;
  readonly rulesets: readonly Exhibit[];
}

export interface Tool {
  readonly name: string;
  readonly version: string;
}

/** One text of rules as it was read, or why there is none. */
export type Exhibit =
  | {
      readonly read: true;
      readonly family: 4 | 6;
      /** The file, or the command that printed it. */
      readonly source: string;
      readonly bytes: number;
      readonly rules: number;
      /** Of the text as read, hexadecimal. */
      readonly sha256: string;
      /** One character a byte. */
      readonly text: string;
    }
  | { readonly read: false; readonly family: 4 | 6; readonly why: string };

export function evidenceOf(host: Host, tool: Tool, digest: Digest): Evidence {
  const { kernel } = host;
  return {
    host: host.name,
    readAt: host.readAt,
    origin: host.origin,
    kernel: kernel.known ? [kernel.value.release, kernel.value.build].filter((word) => word !== '').join(' ') : null,
    tool,
    rulesets: ([4, 6] as const).flatMap((family): readonly Exhibit[] => {
      const fact = host.rulesets[family];
      if (fact.known) return [exhibit(fact.value, digest)];
      // Rules in both backends are no one ruleset, but each was read.
      const use = host.backends[family];
      const texts = use.known ? [use.value.nft, use.value.legacy].filter((ruleset) => ruleset !== null) : [];
      return [{ read: false, family, why: fact.why }, ...texts.map((ruleset) => exhibit(ruleset, digest))];
    }),
  };
}

function exhibit(ruleset: Ruleset, digest: Digest): Exhibit {
  return {
    read: true,
    family: ruleset.family,
    source: ruleset.file,
    bytes: ruleset.text.length,
    rules: ruleset.tables.reduce((sum, { rules }) => sum + rules.length, 0),
    sha256: digest(ruleset.text),
    text: ruleset.text,
  };
}
