import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { z } from 'zod';
import type { RunResult } from '../../kernel/index.ts';
import { prometheusFiles } from '../../monitor/prometheus/files.ts';
import { type Echo, type IntegrationContext, integration, type Verdict } from './integration.ts';

const answers = z.object({
  folder: z.string().default('/etc/prometheus').describe('The folder of Prometheus’ configuration.'),
  target: z
    .string()
    .default('127.0.0.1:9272')
    .describe('Where palisade serves its metrics (publish: { metrics: … }), as Prometheus reaches it.'),
  url: z.string().default('http://127.0.0.1:9090').describe('Where Prometheus answers.'),
});

type Answers = z.output<typeof answers>;

export const prometheus = integration({
  name: 'prometheus',
  summary: 'metrics to scrape, with recording rules and alerts',
  answers,
  files: ({ folder, target }) => [
    ...[...prometheusFiles()]
      .filter(([path]) => path.startsWith('prometheus/'))
      .map(([path, text]) => ({
        path: join(folder, basename(path)),
        mode: 0o644,
        text,
        says:
          { 'palisade-records.yml': 'recording rules', 'palisade-alerts.yml': 'alerts' }[basename(path)] ??
          'promtool’s tests of them',
        here: true,
      })),
    {
      path: '/etc/palisade/prometheus.example.yaml',
      mode: 0o644,
      text: `# Put this into /etc/palisade/config.yaml.\npublish:\n  metrics: ${JSON.stringify(target)}\n`,
      says: 'what serves the metrics, for palisade’s own configuration',
      here: false,
    },
  ],
  async check({ folder }, { run, signal }): Promise<Verdict> {
    const files = ruleFiles.map((name) => join(folder, name));
    const refusal = refusalOf(await run({ argv: ['promtool', 'check', 'rules', ...files], signal }));
    if (refusal === null) return { kind: 'accepted', says: [`promtool takes ${files.join(' and ')}`] };
    if (refusal === missing) return { kind: 'unasked', why: missing, remedy: 'check the rules where Prometheus runs' };
    const hint = 'see whether this promtool is of a version before 2.0';
    return { kind: 'refused', problems: [{ code: 'usage', message: `promtool refuses the rules: ${refusal}`, hint }] };
  },
  apply: configure,
  test: seeScraped,
  next: ({ target, url }) => [
    `have palisade serve its metrics: publish: { metrics: "${target}" } in /etc/palisade/config.yaml`,
    `if Prometheus runs on another machine, its firewall and this one’s have to let it in to ${target}`,
    `where prometheus.yml is not written by --apply: add the rule files, and a job of the name palisade with the target ${target}`,
    `have Prometheus read its configuration anew: systemctl reload prometheus, or curl -X POST ${url}/-/reload`,
  ],
});

const ruleFiles = ['palisade-records.yml', 'palisade-alerts.yml'];

/** Adds rule files and job to prometheus.yml, keeping all that stands there, and has promtool look at the whole before it is put in place. */
async function configure({ folder, target }: Answers, { run, signal, clock }: IntegrationContext): Promise<Verdict> {
  const file = join(folder, 'prometheus.yml');
  let before: string;
  try {
    before = await readFile(file, 'utf8');
  } catch (error) {
    const why = `${file} cannot be read (${(error as Error).message})`;
    return { kind: 'unasked', why, remedy: 'say where Prometheus is configured with --set folder=DIR' };
  }
  const after = withPalisade(before, target);
  if (after === null)
    return { kind: 'unasked', why: `${file} is of a form that is not known`, remedy: 'add rule files and job by hand' };
  if (after === before) return { kind: 'accepted', says: [`${file} has the rules and the job already`] };
  // In the same folder, since it names its rules by paths from there.
  const draft = join(folder, '.prometheus.yml.palisade');
  try {
    await writeFile(draft, after, { mode: (await stat(file)).mode & 0o777 });
    const refusal = refusalOf(await run({ argv: ['promtool', 'check', 'config', draft], signal }));
    if (refusal !== null) {
      const hint = 'add rule files and job by hand';
      if (refusal === missing) return { kind: 'unasked', why: missing, remedy: hint };
      return {
        kind: 'refused',
        problems: [{ code: 'usage', message: `promtool refuses ${file} as it would be: ${refusal}`, hint }],
      };
    }
    const kept = `${file}.before-palisade-${Math.floor(clock.now() / 1000)}`;
    await writeFile(kept, before, { mode: 0o600 });
    await rename(draft, file);
    return { kind: 'accepted', says: [`${file} has the rules and the job; ${kept} is what it was`] };
  } finally {
    await rm(draft, { force: true });
  }
}

/** The same file with what is missing of ours; comments and all else stay. `null`: it is no configuration. */
export function withPalisade(text: string, target: string): string | null {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return null;
  let changed = false;
  const listOf = (key: string) => {
    if (!document.has(key) || document.get(key) === null) document.set(key, document.createNode([]));
    const list = document.get(key, true);
    return isSeq(list) ? list : null;
  };
  const rules = listOf('rule_files');
  const jobs = listOf('scrape_configs');
  if (rules === null || jobs === null) return null;
  for (const name of ruleFiles) {
    if (rules.items.some((item) => isScalar(item) && basename(String(item.value)) === name)) continue;
    rules.add(document.createNode(name));
    changed = true;
  }
  const job = jobs.items.find((item) => isMap(item) && item.get('job_name') === 'palisade');
  if (job === undefined) {
    jobs.add(document.createNode({ job_name: 'palisade', static_configs: [{ targets: [target] }] }));
    changed = true;
  } else if (!JSON.stringify(job).includes(JSON.stringify(target))) {
    const configs = isMap(job) ? job.get('static_configs', true) : null;
    if (!isSeq(configs)) return null;
    configs.add(document.createNode({ targets: [target] }));
    changed = true;
  }
  return changed ? document.toString({ lineWidth: 0 }) : text;
}

/** Waits until Prometheus has scraped a state that is as new as the one that is published now. */
async function seeScraped({ url, target }: Answers, { clock, state, signal }: IntegrationContext): Promise<Echo> {
  const began = clock.now();
  const published = await state();
  if (!published.ok) return { kind: 'unsent', problems: [published.problem] };
  const { at } = published.state;
  const query = `max(iptables_state_timestamp_seconds{instance="${target.replaceAll(/["\\]/g, '')}"})`;
  let why = 'it has no metric of palisade’s from there';
  while (!signal.aborted) {
    try {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`, { signal });
      const { data } = (await answer.json()) as {
        readonly data?: { readonly result?: readonly { readonly value: readonly [number, string] }[] };
      };
      const seen = Number(data?.result?.[0]?.value[1] ?? Number.NaN);
      if (seen >= Math.floor(at))
        return { kind: 'seen', where: `${url}/graph?g0.expr=${encodeURIComponent(query)}`, afterMs: clock.now() - began };
      if (!Number.isNaN(seen)) why = 'what it has scraped is older than what is published';
    } catch (error) {
      if (!signal.aborted) why = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
    }
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
  return { kind: 'unseen', why: `Prometheus at ${url}: ${why}`, remedy: `look at ${url}/targets whether it reaches ${target}` };
}

const missing = 'promtool is not here';

/** What promtool has against it: the line that tells most; `null`: nothing. */
function refusalOf(result: RunResult): string | null {
  if (result.kind === 'missing') return missing;
  if (result.kind !== 'exited') return result.kind;
  if (result.status === 0) return null;
  return `${result.stdout}${result.stderr}`.trim().split('\n').at(-1) ?? `status ${result.status}`;
}
