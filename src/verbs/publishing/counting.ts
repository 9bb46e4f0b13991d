import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import manifest from '../../../package.json' with { type: 'json' };
import type { AcceptedRisk } from '../../audit/accepted.ts';
import { dossierOf } from '../../audit/dossier.ts';
import type { Filed } from '../../audit/filed.ts';
import type { Report } from '../../audit/index.ts';
import { defaultProfile } from '../../audit/profiles/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { Problem } from '../../result.ts';

/** What an audit said, without the risks that somebody answers for: as `palisade audit` says it. */
export interface Counted {
  readonly report: Report;
  readonly filed: readonly Filed[];
  /** Why the file of accepted risks accepts nothing. */
  readonly problems: readonly Problem[];
}

interface Read {
  readonly host: Host;
  readonly report: Report;
}

/** Takes accepted risks out of reports. Of the same report and the same file it is asked once a day. @param file of accepted risks, which need not be there */
export function createCounting(file: string, now: () => number): (read: Read) => Promise<Counted> {
  let known: { readonly report: Report; readonly key: string; readonly counted: Counted } | null = null;
  return async ({ host, report }) => {
    const there = await stat(file).catch(() => null);
    const today = new Date(now()).toISOString().slice(0, 10);
    const key = `${there?.mtimeMs} ${there?.size} ${there?.ino} ${there?.uid} ${there?.mode} ${today}`;
    if (known !== null && known.report === report && known.key === key) return known.counted;
    const { risks, problems } = there === null ? { risks: [], problems: [] } : await risksIn(file);
    const { score, confidence, findings, unknown } = dossierOf(host, report, {
      ...{ profile: defaultProfile, risks, now: now(), failOn: 'low' as const },
      tool: { name: manifest.name, version: manifest.version },
      digest: (bytes) => createHash('sha256').update(bytes, 'latin1').digest('hex'),
    });
    const counting: Report = { score, confidence, findings: findings.map(({ finding }) => finding), unknown };
    const counted = { report: counting, filed: findings, problems };
    known = { report, key, counted };
    return counted;
  };
}

async function risksIn(
  file: string,
): Promise<{ readonly risks: readonly AcceptedRisk[]; readonly problems: readonly Problem[] }> {
  const { isRootsAlone, readAccepted } = await import('../accepted.ts');
  const trusted = await isRootsAlone(file);
  if (!trusted.ok) return { risks: [], problems: trusted.problems };
  try {
    const read = await readAccepted(await readFile(file, 'utf8'), file);
    return read.ok ? { risks: read.value, problems: [] } : { risks: [], problems: read.problems };
  } catch (error) {
    const message = `it cannot be read (${(error as Error).message})`;
    return { risks: [], problems: [{ code: 'file-missing', at: { file }, message, hint: 'see that file' }] };
  }
}
