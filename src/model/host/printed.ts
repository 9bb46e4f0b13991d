/** JSON that a tool printed, as far as its shape can be relied on: objects whose fields may be anything. */
export type Printed = Readonly<Record<string, unknown>>;

/** The objects of a printed array; nothing at all counts as an empty one, as `ip -j` sometimes prints it. */
export function printedList(text: string): readonly Printed[] | undefined {
  if (text.trim() === '') return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isPrinted) ? value : undefined;
  } catch {
    // Not JSON: the caller says so, with the name of the tool.
    return undefined;
  }
}

export function isPrinted(value: unknown): value is Printed {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(object: Printed, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(object: Printed, key: string): number | undefined {
  const value = object[key];
  return typeof value === 'number' ? value : undefined;
}

export function listOf(object: Printed, key: string): readonly unknown[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}
