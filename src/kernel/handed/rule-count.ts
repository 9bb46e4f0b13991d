/** What one look at the rules of one kind found. */
export interface RuleCounts {
  /** Names of the rules that log to the group, each another; the same as long as the kernel has not made the rule anew, as far as that can be told. */
  readonly rules: readonly string[];
  /** Every counter of the tables that hold such rules, by name. */
  readonly counters: ReadonlyMap<string, number>;
}

/** The rules of one kind that log to a group. */
export interface CountedRules {
  /** Reads all rules; or why that says nothing, as the end of a sentence with "since". */
  look(): Promise<RuleCounts | string>;
  /** Packets that the rules of the last look have met; `null`: one of them is gone. Not while a look goes on. */
  count(): number | null;
  close(): void;
}

/** Tells rules of one name apart by their order. */
export function numbered(): (name: string) => string {
  const seen = new Map<string, number>();
  return (name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  };
}
