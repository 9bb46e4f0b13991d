/** Says of each thing whether it holds, as it is found, and how many did in the end. */
export interface Holding {
  say(line: string): void;
  /** `seen` is shown where it does not hold. */
  holds(what: string, is: boolean, seen: string): void;
  end(): void;
}

export function createHolding(): Holding {
  let passed = 0;
  let failed = 0;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  return {
    say,
    holds(what, is, seen) {
      if (is) passed += 1;
      else failed += 1;
      say(`${is ? '    holds' : 'NOT SO   '}  ${what}${is ? '' : `:\n${seen}`}`);
    },
    end() {
      say(`${passed} passed, ${failed} failed`);
      if (failed > 0) process.exitCode = 1;
    },
  };
}
