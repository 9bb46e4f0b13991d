import { oneLink } from './examples.ts';

/** Facts that examples of host checks are made of. */

/** A setting of every link with one value, but the links that have their own. */
export function everyLink(
  family: 4 | 6,
  key: string,
  value: number,
  own: Readonly<Record<string, number>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ all: value, default: value, eth0: value, ...own }).map(([link, each]) => [
      `net.ipv${family}.conf.${link}.${key}`,
      String(each),
    ]),
  );
}

/** One link, and these kernel settings. */
export function withSettings(sysctls: Readonly<Record<string, string>>): object {
  return { ...oneLink, sysctls };
}

export const ipv6IsOff = { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' };
export const only4 = { ...oneLink, addresses: [{ link: 'eth0', address: '198.51.100.10/24' }] };

/** The host boots by systemd. */
export const booting = [{ pid: 1, name: 'systemd' }];

/** A unit that systemd starts at boot, by its link on the disk. */
export function enabled(unit: string, target = 'multi-user.target'): { readonly path: string; readonly target: string } {
  return { path: `/etc/systemd/system/${target}.wants/${unit}`, target: `/lib/systemd/system/${unit}` };
}

/** A file with this text. */
export function file(path: string, text: string, more: object = {}): object {
  return { path, text, ...more };
}

/** A snapshot of palisade's, made so many days ago, as far as it is looked into. */
export function snapshot(days: number, unproved: string | null = null, number = 1): object {
  const meta = JSON.stringify({ at: -days * 86_400_000, number, reason: 'scheduled', unproved });
  const id = String(number).padStart(64, '0');
  return file(`/var/lib/palisade/backups/${id}.snapshot`, `palisade-snapshot 1 ${id}\n${meta}`, {
    mode: '0600',
    modified: -days * 86_400,
  });
}
