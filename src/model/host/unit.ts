import type { Fields } from './fields.ts';

/** A unit of systemd that has to do with the firewall, as the manager itself sees it. */
export interface Unit {
  readonly name: string;
  /** As systemd says it: enabled, disabled, masked, static, …; empty for a unit that is not there. */
  readonly enabled: string;
  /** active, inactive, failed, … */
  readonly active: string;
}

/** What `systemctl show -p Id,LoadState,ActiveState,UnitFileState` prints: a block each, blank lines between. */
export function parseUnits(text: string): ReadonlyMap<string, Unit> | undefined {
  const units = new Map<string, Unit>();
  for (const block of text.split(/\n\s*\n/)) {
    if (block.trim() === '') continue;
    const values = new Map(Array.from(block.matchAll(/^(\w+)=(.*)$/gm), ([, key = '', value = '']) => [key, value]));
    const [name, load] = [values.get('Id'), values.get('LoadState')];
    if (name === undefined || load === undefined) return undefined;
    if (load === 'not-found') continue;
    units.set(name, { name, enabled: values.get('UnitFileState') ?? '', active: values.get('ActiveState') ?? '' });
  }
  return units;
}

/** Of a facts file. */
export function readUnit(fields: Fields): Unit {
  return {
    name: fields.text('name'),
    enabled: fields.optionalText('enabled') ?? 'enabled',
    active: fields.optionalText('active') ?? 'active',
  };
}
