import type { Place } from '../result.ts';
import type { Filed } from './filed.ts';

/** A finding that somebody has answered for: it stays in the report, apart, and counts no more. */
export interface AcceptedRisk {
  readonly check: string;
  readonly where: Where;
  readonly owner: string;
  readonly reason: string;
  /** `YYYY-MM-DD`: the last day, in UTC, on which it holds. */
  readonly expires: string;
  /** Where it is written. */
  readonly at: Place;
}

/** Which findings of the check: all that is said must be so. Nothing said: each of them. */
export interface Where {
  readonly family?: 4 | 6 | undefined;
  readonly table?: string | undefined;
  /** All rules that the finding is about stand in it. */
  readonly chain?: string | undefined;
  /** The finding is about this port, such as `8443/tcp`, and no other. */
  readonly port?: string | undefined;
  /** The fingerprint of one finding, as reports show it; its beginning will do. */
  readonly finding?: string | undefined;
}

/** What accepted risks make of findings. */
export interface Settlement {
  /** Those that count. */
  readonly counting: readonly Filed[];
  readonly accepted: readonly { readonly filed: Filed; readonly risk: AcceptedRisk }[];
  /** Entries whose day is over, and the findings that count again because of it. */
  readonly expired: readonly { readonly risk: AcceptedRisk; readonly findings: readonly Filed[] }[];
  /** Entries that hold and fit no finding. */
  readonly unused: readonly AcceptedRisk[];
}

/** Deals the findings out. `today` is `YYYY-MM-DD` in UTC. The first entry that fits a finding is the one that is shown with it. */
export function settle(findings: readonly Filed[], risks: readonly AcceptedRisk[], today: string): Settlement {
  const holding = risks.filter(({ expires }) => expires >= today);
  const accepted: { filed: Filed; risk: AcceptedRisk }[] = [];
  const counting: Filed[] = [];
  for (const filed of findings) {
    const risk = holding.find((one) => fits(one, filed));
    if (risk === undefined) counting.push(filed);
    else accepted.push({ filed, risk });
  }
  return {
    counting,
    accepted,
    expired: risks
      .filter(({ expires }) => expires < today)
      .map((risk) => ({ risk, findings: counting.filter((filed) => fits(risk, filed)) })),
    unused: holding.filter((risk) => !findings.some((filed) => fits(risk, filed))),
  };
}

function fits({ check, where }: AcceptedRisk, { finding, fingerprint, ports }: Filed): boolean {
  const everywhere = (of: 'table' | 'chain', name: string): boolean =>
    finding.at.length > 0 && finding.at.every((place) => place[of] === name);
  return (
    finding.id === check &&
    (where.family === undefined || finding.family === where.family) &&
    (where.table === undefined || everywhere('table', where.table)) &&
    (where.chain === undefined || everywhere('chain', where.chain)) &&
    // A finding about two ports, of which one is accepted, still says something about the other.
    (where.port === undefined || (ports.length > 0 && ports.every((port) => port === where.port))) &&
    (where.finding === undefined || fingerprint.startsWith(where.finding))
  );
}
