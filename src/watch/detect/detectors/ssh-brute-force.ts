import { formatPrefix } from '../../../model/net/index.ts';
import { halfLife } from '../attempt.ts';
import type { Batch, Detector, Sighting } from '../detector.ts';
import { duration } from '../duration.ts';
import { ssh } from '../login-services.ts';
import { sorts } from '../sort.ts';

/** Failed logins: as many as fail2ban allows. */
const logins = { count: 5, minutes: 10 } as const;
/** Who logged in of late may mistype more often. */
const ofKnown = 2 * logins.count;
/** The same over hours: a score that halves. */
const slowLogins = { score: 20, halfLifeHours: halfLife.loginsHours } as const;
/** A login takes back so many failures before it. */
const forgiven = logins.count - 1;
/** Who had failed so often, and is let in, may have found the password. */
const broken = 15;
/** Connections that a rule logged. */
const connections = { count: 6, seconds: 60 } as const;
const slowConnections = { score: 30, halfLifeMinutes: halfLife.connectionsMinutes } as const;

export const sshBruteForce: Detector = {
  id: 'ssh-brute-force',
  title: 'SSH brute force',
  remedy:
    'Let people log in by keys alone (PasswordAuthentication no in sshd_config), and let only those networks reach ssh that need it; palisade ban ADDRESS shuts the source out.',
  description: `One source fails to log in by ssh ${logins.count} times within ${logins.minutes} minutes (${ofKnown} times if it has logged in within a day), or so often over hours that a score of its failures, which halves every ${slowLogins.halfLifeHours} hours, comes to ${slowLogins.score}: one every ten minutes does within half a day. Each login takes back ${forgiven} failures before it; one after a score of ${broken} is told of as what may be a found password. Where rules log connections to port ${ssh.ports}: ${connections.count} new ones to one address within ${connections.seconds} seconds, or a score of ${slowConnections.score} that halves every ${slowConnections.halfLifeMinutes} minutes, which two a minute reach and one a minute never does. A SYN that is sent again from the same port is no new one, and who has logged in within a day is judged by logins alone.`,
  quietMs: 3_600_000,
  start({ sources, attempt, report, more }) {
    const { logins: failed, connections: asked } = attempt;

    function tell(
      batch: Batch,
      row: number,
      slot: number,
      what: Pick<Sighting, 'severity' | 'why' | 'remedy' | 'spoofable'> & Said,
    ): number {
      const source = sources.source(slot);
      const name = formatPrefix(source);
      const { severity, why, remedy, did, spoofable, since, events } = what;
      return report({
        detector: 'ssh-brute-force',
        key: name,
        severity,
        title: `${name.replace(/\/32$/, '')} ${did}`,
        why,
        ...(remedy === undefined ? {} : { remedy }),
        sources: [source],
        targets: spoofable ? [] : ['ssh'],
        batch,
        row,
        at: batch.at[row] as number,
        since,
        events,
        spoofable,
        ban: true,
      });
    }

    function fail(batch: Batch, row: number, slot: number): void {
      const at = batch.at[row] as number;
      const { place } = attempt;
      if (more(failed.incident(place), batch, row)) return;
      const events = failed.countEvent(place);
      const most = attempt.isKnown ? ofKnown : logins.count;
      const seconds = failed.secondsOf(place, most);
      const score = failed.scoreAt(place, attempt.second);
      const isQuick = seconds <= logins.minutes * 60;
      if (!isQuick && score < slowLogins.score) return;
      failed.setIncident(
        place,
        tell(batch, row, slot, {
          severity: 'high',
          did: 'tries passwords of ssh',
          why: isQuick
            ? `${most} logins failed within ${duration(seconds)}; ${most} within ${logins.minutes} minutes are too many.`
            : `${failed.count(place)} logins failed since ${duration((at - failed.first(place)) / 1000)}, which is slow and too many: their score, halved every ${slowLogins.halfLifeHours} hours, is ${Math.round(score)} of ${slowLogins.score}.`,
          spoofable: false,
          since: failed.first(place),
          events,
        }),
      );
    }

    function accept(batch: Batch, row: number, slot: number): void {
      const at = batch.at[row] as number;
      const { place } = attempt;
      if (failed.scoreAt(place, attempt.second) >= broken)
        failed.setIncident(
          place,
          tell(batch, row, slot, {
            severity: 'critical',
            did: 'logged in by ssh after many failures: it may have found a password',
            why: `It was let in after ${failed.count(place)} logins that failed since ${duration((at - failed.first(place)) / 1000)}.`,
            remedy:
              'Ask whose login it was; if nobody knows, lock the account (passwd -l NAME, and its authorized_keys), end its sessions (loginctl terminate-user NAME), and look at what it did (last, journalctl _COMM=sshd) before you trust this host again.',
            spoofable: false,
            since: failed.first(place),
            events: failed.countEvent(place),
          }),
        );
      failed.forgive(place, forgiven);
    }

    function connect(batch: Batch, row: number, slot: number): void {
      const at = batch.at[row] as number;
      const { place, isNew } = attempt;
      if (more(asked.incident(place), batch, row)) return;
      const events = asked.countEvent(place);
      if (!isNew) return;
      const seconds = asked.secondsOf(place, connections.count);
      const score = asked.scoreAt(place, attempt.second);
      const isQuick = seconds <= connections.seconds;
      if (!isQuick && score < slowConnections.score) return;
      asked.setIncident(
        place,
        tell(batch, row, slot, {
          severity: 'medium',
          did: 'opens connection after connection to ssh',
          why: isQuick
            ? `${connections.count} new connections within ${duration(seconds)} were logged; ${connections.count} within ${connections.seconds} seconds are too many.`
            : `${asked.count(place)} new connections since ${duration((at - asked.first(place)) / 1000)} were logged: their score, halved every ${slowConnections.halfLifeMinutes} minutes, is ${Math.round(score)}; ${slowConnections.score} is too much.`,
          spoofable: true,
          since: asked.first(place),
          events,
        }),
      );
    }

    return {
      attempt(batch, row, slot, sort) {
        if (sort === sorts.failedLogin) fail(batch, row, slot);
        else if (sort === sorts.acceptedLogin) accept(batch, row, slot);
        else if (attempt.service === ssh) connect(batch, row, slot);
      },
    };
  },
};

interface Said {
  readonly did: string;
  readonly since: number;
  readonly events: number;
}
