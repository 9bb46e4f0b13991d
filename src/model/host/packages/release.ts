/** The distribution, as /etc/os-release says it (os-release(5)). */
export interface Release {
  /** `debian`, `ubuntu`, `rhel`, …. */
  readonly id: string;
  /** What it is made from, nearest first. */
  readonly like: readonly string[];
  /** `12`, `24.04`; `null` for rolling releases. */
  readonly version: string | null;
  readonly codename: string | null;
  /** For people. */
  readonly name: string;
}

export function parseRelease(text: string): Release | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Z_0-9]+)=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, unquoted(value));
  }
  const id = fields.get('ID');
  if (id === undefined || id === '') return undefined;
  return {
    id,
    like: (fields.get('ID_LIKE') ?? '').split(' ').filter(Boolean),
    version: fields.get('VERSION_ID') || null,
    codename: fields.get('VERSION_CODENAME') || null,
    name: fields.get('PRETTY_NAME') || id,
  };
}

/** As a shell reads an assignment. */
function unquoted(value: string): string {
  if (value.length > 1 && value.startsWith("'") && value.endsWith("'")) return value.slice(1, -1);
  const inner = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  return inner.replace(/\\(["$`\\])/g, '$1');
}
