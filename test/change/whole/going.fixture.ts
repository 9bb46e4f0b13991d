import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostState, hostState, stateFiles, type TablePlace } from '../../../src/change/restore/index.ts';
import { restoreScript } from '../../../src/change/restore/script.ts';
import { readBody, type SnapshotBody } from '../../../src/change/snapshots/index.ts';
import type { Namespace } from '../../../src/kernel/index.ts';
import { kernel, must } from '../changing.fixture.ts';

export function readIn(ns: Namespace): Promise<SnapshotBody> {
  return readBody({ kernel, namespace: ns }, null);
}

export async function stateIn(ns: Namespace): Promise<HostState> {
  return must(hostState(await readIn(ns), 'the namespace'));
}

/** All tables of two states, in an order that is as good as any where no packets flow. */
export function anyOrder(one: HostState, other: HostState): readonly TablePlace[] {
  const places = [...one.tables, ...other.tables].map(({ backend, family, table }) => ({ backend, family, table }));
  return [...new Map(places.map((place) => [Object.values(place).join(), place])).values()];
}

/** Makes a namespace as a state says, coming from another; what the script said where it could not. */
export async function makeSo(ns: Namespace, to: HostState, from: HostState): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-restore-'));
  try {
    mkdirSync(join(folder, 'to'));
    for (const [name, text] of stateFiles(to, from, anyOrder(to, from))) writeFileSync(join(folder, 'to', name), text, 'latin1');
    writeFileSync(join(folder, 'restore.sh'), restoreScript);
    const ran = await ns.run({ argv: ['sh', join(folder, 'restore.sh'), join(folder, 'to')], timeoutMs: 120_000 });
    return ran.kind === 'exited' ? ran.stderr || (ran.status === 0 ? '' : `it ended with ${ran.status}`) : ran.kind;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
