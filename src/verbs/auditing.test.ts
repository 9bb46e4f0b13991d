import { expect, test } from 'vitest';
import { exampleHost } from '../audit/example-host.ts';
import { filter } from '../audit/examples.ts';
import { auditAndExposure, checks } from '../audit/index.ts';
import { createRun } from '../kernel/index.ts';
import { auditAside } from './auditing.ts';

const run = createRun();

const many = exampleHost({
  v4: filter(
    Array.from({ length: 600 }, (_, index) => `-A INPUT -s 192.0.2.${index % 250}/32 -p tcp --dport ${index + 1} -j DROP`),
  ),
});

test('an audit of many rules lets everything else go on, and says what it would have said', async () => {
  let turns = 0;
  const turning = setInterval(() => {
    turns += 1;
  }, 1);
  const audited = await auditAside(run, many, new AbortController().signal);
  clearInterval(turning);
  expect(turns).toBeGreaterThan(0);
  expect(audited).toEqual(auditAndExposure(many));
});

test('an audit of few rules is made at once', async () => {
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  const few = exampleHost({});
  expect(await auditAside(run, few, new AbortController().signal)).toEqual(auditAndExposure(few));
  expect(turned).toBe(false);
});

test('Ctrl-C ends it; then nothing is known', async () => {
  const stop = new AbortController();
  const auditing = auditAside(run, many, stop.signal);
  stop.abort();
  const { report, exposure } = await auditing;
  const { score, confidence, findings, unknown } = report;
  expect(exposure).toMatchObject({ known: false, why: 'the audit was interrupted' });
  expect({ score, confidence, findings }).toEqual({ score: null, confidence: 0, findings: [] });
  expect(unknown.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
  expect((await auditAside(run, exampleHost({}), stop.signal)).report.confidence).toBe(0);
});
