import type { Given } from '../extension.ts';

/** Options in the order of `names`; those that are not there are left out. */
export function pick(from: readonly Given[], ...names: readonly string[]): readonly Given[] {
  return names.flatMap((name) => from.filter((one) => one.name === name));
}

/** All but the named options. */
export function leave(from: readonly Given[], ...names: readonly string[]): readonly Given[] {
  return from.filter((one) => !names.includes(one.name));
}

/** An option as iptables-save writes it by itself. */
export function option(name: string, ...values: readonly string[]): Given {
  return { name, inverted: false, values };
}
