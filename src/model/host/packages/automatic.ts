import { type Known, known, unknown } from '../known.ts';
import type { Packages } from './installed.ts';

/** Whether the machine installs security updates by itself. */
export interface AutomaticUpdates {
  readonly enabled: boolean;
  /** One clause: what says so. */
  readonly why: string;
}

/** What was read; `null` where that was not. */
export interface AutomaticTexts {
  /** `apt-config dump APT::Periodic`. */
  readonly apt: string | null;
  /** `systemctl list-unit-files --no-legend …`. */
  readonly timers: string | null;
  /** /etc/dnf/automatic.conf. */
  readonly dnf: string | null;
}

export function automaticUpdatesOf(packages: Known<Packages>, texts: AutomaticTexts): Known<AutomaticUpdates> {
  if (!packages.known) return packages;
  const states = timerStates(texts.timers ?? '');
  if (packages.value.format === 'deb') return byApt(packages.value, texts.apt, states);
  const known = packages.value.format === 'rpm' && texts.timers !== null ? byTimers(states, texts.dnf) : null;
  return (
    known ?? unknown('nothing that palisade knows of installs updates by itself here', 'look for a timer or cron job that does')
  );
}

function byApt({ installed }: Packages, text: string | null, timers: ReadonlyMap<string, string>): Known<AutomaticUpdates> {
  const off = (why: string): Known<AutomaticUpdates> => known({ enabled: false, why });
  if (!installed.some(({ name }) => name === 'unattended-upgrades')) return off('unattended-upgrades is not installed');
  if (text === null) return unknown('the settings of APT::Periodic were not read', 'run `apt-config dump APT::Periodic`');
  const setting = (name: string): string | undefined =>
    new RegExp(`^APT::Periodic::${name} "([^"]*)";$`, 'm').exec(text)?.[1] || undefined;
  if (setting('Enable') === '0') return off('APT::Periodic::Enable is 0');
  for (const name of ['Update-Package-Lists', 'Unattended-Upgrade']) {
    const value = setting(name);
    if (value === undefined || value === '0') return off(`APT::Periodic::${name} is ${value ?? 'not set'}`);
  }
  const state = timers.get('apt-daily-upgrade.timer');
  if (state === 'disabled' || state === 'masked') return off(`apt-daily-upgrade.timer is ${state}`);
  return known({ enabled: true, why: 'unattended-upgrades runs daily' });
}

/** Timers that install, whatever a configuration says, then the one that asks it. `null` when there is none of any kind. */
function byTimers(timers: ReadonlyMap<string, string>, conf: string | null): Known<AutomaticUpdates> | null {
  const isOn = (name: string): boolean => timers.get(name) === 'enabled';
  const installing = ['dnf-automatic-install.timer', 'os-update.timer', 'transactional-update.timer'].find(isOn);
  if (installing !== undefined) return known({ enabled: true, why: `${installing} is enabled` });
  const asking = ['dnf-automatic.timer', 'dnf5-automatic.timer'].find(isOn);
  if (asking === undefined) {
    const there = [...timers.keys()].find((name) => name.startsWith('dnf'));
    return there === undefined ? null : known({ enabled: false, why: 'no timer of dnf-automatic is enabled' });
  }
  if (conf === null)
    return unknown(
      `${asking} is enabled, and its configuration was not read`,
      'look at apply_updates in /etc/dnf/automatic.conf',
    );
  const applies = /^\s*apply_updates\s*=\s*(?:yes|true|on|1)\s*$/im.test(conf);
  return known({ enabled: applies, why: `${asking} is enabled, with apply_updates ${applies ? 'on' : 'off'}` });
}

/** `UNIT STATE [PRESET]`, one a line. */
function timerStates(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, unit, state] = /^(\S+\.timer)\s+(\S+)/.exec(line) ?? [];
      return unit === undefined || state === undefined ? [] : [[unit, state] as const];
    }),
  );
}
