/**
 * A fact that was read, or the reason why it was not and what the administrator can do about it.
 * Every field of a host is one, so that forgetting "unknown" does not compile.
 */
export type Known<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string; readonly remedy: string };

export type Unknown = Extract<Known<never>, { known: false }>;

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

export function unknown(why: string, remedy: string): Unknown {
  return { known: false, why, remedy };
}

/** Applies `f` to what is known; what is not stays as it is. */
export function mapKnown<T, U>(fact: Known<T>, f: (value: T) => U): Known<U> {
  return fact.known ? known(f(fact.value)) : fact;
}
