import type { AcceptedRisk } from '../accepted.ts';
import type { Check, Example } from '../check.ts';
import { type Circumstances, type Dossier, dossierOf } from '../dossier.ts';
import { exampleHost } from '../example-host.ts';
import { audit, type Report } from '../index.ts';
import { profiles } from '../profiles/index.ts';
import { reportOf } from '../report.ts';
import { subjectOf } from '../subject.ts';

/** 2026-11-30. */
export const now = Date.UTC(2026, 10, 30, 12);

/** In the shape of SHA-256 and good enough to tell texts apart: this folder computes no real one (FNV-1a, two of them). */
export function digest(bytes: string): string {
  let [one, other] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < bytes.length; at += 1) {
    one = Math.imul(one ^ bytes.charCodeAt(at), 0x01000193);
    other = Math.imul(other ^ bytes.charCodeAt(at), 0x85ebca6b) ^ (other >>> 13);
  }
  return [one, other]
    .map((half) => (half >>> 0).toString(16).padStart(8, '0'))
    .join('')
    .repeat(4);
}

/** The dossier of an example's host, with what the test wants different. */
export function dossierFor(
  example: Omit<Example, 'title' | 'finds' | 'unknown'>,
  more: Partial<Circumstances> & { readonly report?: Report } = {},
): Dossier {
  const { report, ...circumstances } = more;
  const host = exampleHost(example);
  const profile = circumstances.profile ?? profiles.default;
  return dossierOf(host, report ?? audit(host, profile), {
    profile,
    risks: [],
    now,
    failOn: 'low',
    tool: { name: 'palisade', version: '0.0.0' },
    digest,
    ...circumstances,
  });
}

export function risk(check: string, more: Partial<AcceptedRisk> = {}): AcceptedRisk {
  return {
    check,
    where: {},
    owner: 'Ada',
    reason: 'we know',
    expires: '2027-01-31',
    at: { file: 'accepted.yaml', line: 1, column: 1 },
    ...more,
  };
}

/** The dossier of what one check says of one of its examples: hundreds of examples times all checks would take minutes. */
export function dossierOfExample(check: Check, example: Example): Dossier {
  const { findings, unknown } = check.run(subjectOf(exampleHost(example)));
  return dossierFor(example, { report: reportOf(findings, unknown, 1) });
}

/** Comments that would be more than text in some format. */
export const hostile = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "<script>alert(1)</script><img src=x onerror=alert(2)>" -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "<script>alert(1)</script><img src=x onerror=alert(2)>" -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -m comment --comment "=HYPERLINK(1) | [x](http://evil.example) \`\`\` </code> ]]> &amp; \u001b[2J" -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -m comment --comment "=HYPERLINK(1) | [x](http://evil.example) \`\`\` </code> ]]> &amp; \u001b[2J" -j ACCEPT
COMMIT
`;
