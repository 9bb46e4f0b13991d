import type { Problem } from '../../result.ts';
import type { Said } from './source.ts';

export function* unavailable(problems: readonly Problem[]): Generator<Said> {
  const [problem] = problems;
  if (problem !== undefined) yield { kind: 'unavailable', problem };
}
