import { type Bad, bad, type Given, given, givenValue, type Match, opaque, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { unmaskedNetwork } from '../../values/address.ts';
import { choice } from '../../values/choice.ts';
import { hex, u32, whole } from '../../values/number.ts';
import { option } from '../pick.ts';

/** net/netfilter/xt_policy.c: what IPsec has done or will do; the latter is known only once it is routed. */
export const policy: Match = {
  kind: 'match',
  name: 'policy',
  families: [4, 6],
  options: options(
    ['--dir DIRECTION', choice(['in', 'out'])],
    ['--pol POLICY', choice(['none', 'ipsec'])],
    '--strict',
    ['! --reqid NUMBER ...', whole(0n, u32)],
    ['! --spi SPI ...', whole(0n, u32, hex)],
    ['! --proto PROTO ...', choice(['ah', 'esp', 'ipcomp'])],
    ['! --mode MODE ...', choice(['transport', 'tunnel'])],
    ['! --tunnel-src ADDRESS ...', unmaskedNetwork],
    ['! --tunnel-dst ADDRESS ...', unmaskedNetwork],
    '--next ...',
  ),

  saved: (use) => savedPolicy(use),
  meaning(use) {
    const wrong = policyFault(use);
    return wrong ?? opaque(use, givenValue(use, '--dir') === 'in' ? 'pure' : 'stateful');
  },
};

const elementOptions = ['--reqid', '--spi', '--proto', '--mode', '--tunnel-dst', '--tunnel-src'] as const;

/** The steps of a policy: what stands between two `--next`. */
function elements(use: Use): readonly (readonly Given[])[] {
  const steps: Given[][] = [[]];
  for (const one of use.given) {
    if (one.name === '--next') steps.push([]);
    else if (elementOptions.some((name) => name === one.name)) steps.at(-1)?.push(one);
  }
  return steps;
}

function savedPolicy(use: Use): readonly Given[] {
  const isNone = givenValue(use, '--pol') === 'none';
  const steps = isNone ? [] : elements(use);
  return [
    option('--dir', givenValue(use, '--dir') ?? 'in'),
    option('--pol', isNone ? 'none' : 'ipsec'),
    ...(given(use, '--strict') === undefined ? [] : [option('--strict')]),
    ...steps.flatMap((step, index) => [
      ...(index > 0 ? [option('--next')] : []),
      ...elementOptions.flatMap((name) => step.filter((one) => one.name === name)).map((one) => savedStep(one, use)),
    ]),
  ];
}

function savedStep(one: Given, use: Use): Given {
  const type = policy.options.find((known) => known.name === one.name)?.types[0];
  return { ...one, values: one.values.map((value) => type?.saved(value, use.family) ?? value) };
}

/** libxt_policy.c, policy_check. */
function policyFault(use: Use): Bad | undefined {
  const steps = elements(use);
  const isStrict = given(use, '--strict') !== undefined;
  if (given(use, '--dir') === undefined) return bad('-m policy lacks --dir', 'write --dir in or --dir out');
  if (!isStrict && steps.length > 1) return bad('--next stands without --strict', 'write --strict', '--next');
  if (givenValue(use, '--pol') === 'none')
    return isStrict ? bad('--strict stands beside --pol none', 'leave it out', '--strict') : undefined;
  if (steps.length > 4) return bad('the policy has more than 4 steps', 'leave some out', '--next');
  if (isStrict && steps.some((step) => step.length === 0))
    return bad('a step of the policy is empty', 'say something of it', '--strict');
  for (const step of steps) {
    const names = step.map((one) => one.name);
    const again = names.find((name, index) => names.indexOf(name) < index);
    if (again !== undefined) return bad(`${again} stands twice in a step`, 'write --next between', again);
    const tunnel = step.find((one) => one.name.startsWith('--tunnel-'));
    const mode = step.find((one) => one.name === '--mode');
    if (tunnel !== undefined && (mode?.values[0] !== 'tunnel' || mode.inverted))
      return bad(`${tunnel.name} stands without --mode tunnel`, 'write it too', tunnel.name);
  }
  return undefined;
}
