import { fileAt, filesIn, type Host, type Known, known, mapKnown, unknown } from '../model/host/index.ts';

/** Programs that start a host; anything else as process 1 is a container's, or a machine without boot scripts. */
const inits = /^(systemd|init|openrc-init|runit|s6-svscan|dinit|busybox|finit)$/;

/**
 * What starts the host: unknown in a container and in a network namespace of its own, where what the disk says of the boot is not
 * about these rules. `null` where facts of files do not say: then they are taken to be about one host.
 */
export function starterOf(host: Host): Known<string | null> {
  if (!host.processes.known) return host.origin === 'files' ? known(null) : host.processes;
  const first = host.processes.value.find(({ pid }) => pid === 1);
  if (first === undefined) return host.origin === 'files' ? known(null) : unseen;
  if (!inits.test(first.name)) {
    return unknown(
      `process 1 is ${first.name}, which starts no services: this is a container, or a machine without a boot of its own`,
      'ask about the boot on the host itself',
    );
  }
  if (first.ownNetwork === false) {
    return unknown(
      'these are the rules of another network namespace than the one that the machine boots into',
      'look at what makes the namespace: it must load the rules',
    );
  }
  // Another namespace than process 1's cannot be told from it without rights.
  return first.ownNetwork === null ? unseen : known(first.name);
}

const unseen = unknown(
  'process 1 cannot be seen, so it is not known whether the machine boots into these rules',
  'run palisade as root',
);

export function bySystemd(host: Host): boolean {
  const starter = starterOf(host);
  return !starter.known || starter.value === null || starter.value === 'systemd';
}

/**
 * Whether a service starts at boot: as systemd says, or else by the links that enable it, of systemd, of System V's init or of OpenRC.
 *
 * @param name without `.service`.
 */
export function startsAtBoot(host: Host, name: string): Known<boolean> {
  if (host.units.known) {
    const unit = host.units.value.get(`${name}.service`);
    if (unit !== undefined) {
      if (unit.enabled === 'masked' || unit.enabled === 'disabled') return known(false);
      if (/^(enabled|alias|generated)/.test(unit.enabled)) return known(true);
    }
  }
  if (!host.files.known) return host.files;
  const files = host.files.value;
  const masked = fileAt(files, `/etc/systemd/system/${name}.service`);
  if (masked.known && masked.value?.target === '/dev/null') return known(false);
  const enabling = [
    new RegExp(`^/etc/systemd/system/[^/]+\\.(?:wants|requires)/${escaped(name)}\\.service$`),
    new RegExp(`^/etc/rc[S2345]\\.d/S\\d\\d${escaped(name)}$`),
    new RegExp(`^/etc/runlevels/(?:boot|default|sysinit)/${escaped(name)}$`),
  ];
  const folder = filesIn(files, '/etc/systemd/system');
  if (!folder.known) return folder;
  return known([...files.keys()].some((path) => enabling.some((pattern) => pattern.test(path))));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** A program of that name which runs, containers included. */
export function runs(host: Host, name: RegExp): Known<string | null> {
  return mapKnown(host.processes, (processes) => processes.find((each) => name.test(each.name))?.name ?? null);
}
