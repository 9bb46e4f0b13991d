import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Company, durations, hostName, openCompany } from './story.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-story-'));
let company: Company;

beforeAll(async () => {
  company = await openCompany(folder);
}, 120_000);

afterAll(async () => {
  await company?.[Symbol.asyncDispose]();
  if (process.env['KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`story: ${durations.join(', ')}\n`);
});

test('look', async () => {
  await new Promise((r) => setTimeout(r, 25_000));
  const out: unknown[] = [];
  out.push(company.said());
  out.push(company.nagios.service(hostName, 'palisade-audit'), company.nagios.service(`${hostName}-asked`, 'palisade-audit'));
  out.push(await company.icinga.service(hostName, 'palisade-audit'), await company.icinga.service(hostName, 'palisade-incidents'));
  out.push(company.nrpe.call('palisade_audit'), company.nrpe.call('palisade_incidents'));
  out.push(await company.alertmanager.alerts());
  out.push(await company.zabbix.api('problem.get', { output: ['name', 'severity'] }));
  out.push(company.mail.mails().map((m) => m.split('\n').filter((l) => /^(Subject|Message-ID|References)/i.test(l))));
  out.push(company.rsyslog.messages());
  out.push(company.receiver.posts.map((p) => ({ ...p, body: p.body.title })));
  out.push(await company.palisade('incidents'));
  out.push(await company.palisade('alerts'));
  process.stdout.write(out.map((o) => (typeof o === 'string' ? o : JSON.stringify(o, null, 1))).join('\n---\n'));
  expect(1).toBe(1);
}, 60_000);
