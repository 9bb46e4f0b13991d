import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Echo, integration } from './integration.ts';

const answers = z.object({
  url: z.string().default('http://127.0.0.1:9093').describe('Where Alertmanager answers.'),
});

/** So long a test's alert lives where it cannot be ended. */
const livesMs = 120_000;

export const alertmanager = integration({
  name: 'alertmanager',
  summary: 'incidents as alerts of Alertmanager, which routes them',
  answers,
  files: ({ url }) => [
    {
      path: '/etc/palisade/alertmanager.example.yaml',
      mode: 0o644,
      text: [
        '# Put this into /etc/palisade/config.yaml.',
        'alerts:',
        '  channels:',
        '    alertmanager:',
        '      type: alertmanager',
        `      url: ${JSON.stringify(url)}`,
        ...(isPrivate(url) ? ['      allow-private: true'] : []),
        '  routes:',
        '    - { severity: low, to: [alertmanager] }',
        '',
      ].join('\n'),
      says: 'the channel, for palisade’s own configuration',
      here: false,
    },
  ],
  async test({ url }, { ground, clock, signal }, mark): Promise<Echo> {
    const began = clock.now();
    const labels = { alertname: 'PalisadeTest', severity: 'info', instance: ground.host, mark };
    const annotations = { summary: `A test of palisade on ${ground.host}: leave it alone` };
    const post = async (endsAt: number): Promise<string | null> => {
      try {
        const answer = await fetch(`${url}/api/v2/alerts`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify([{ labels, annotations, endsAt: new Date(endsAt).toISOString() }]),
          signal,
          redirect: 'error',
        });
        return answer.ok ? null : `it answers ${answer.status}`;
      } catch (error) {
        return said(error);
      }
    };
    const unsent = await post(began + livesMs);
    if (unsent !== null) {
      const hint = 'say where it answers with --set url=http://HOST:9093';
      return {
        kind: 'unsent',
        problems: [{ code: 'unread', message: `Alertmanager at ${url} takes no alert: ${unsent}`, hint }],
      };
    }
    let last = 'it shows no alert with this mark';
    while (!signal.aborted) {
      try {
        const answer = await fetch(`${url}/api/v2/alerts?filter=${encodeURIComponent(`mark="${mark}"`)}`, { signal });
        const alerts: unknown = await answer.json();
        if (Array.isArray(alerts) && alerts.length > 0) {
          await post(clock.now());
          return { kind: 'seen', where: `${url}/#/alerts`, afterMs: clock.now() - began };
        }
      } catch (error) {
        last = said(error);
      }
      await sleep(200, undefined, { signal }).catch(() => undefined);
    }
    return { kind: 'unseen', why: last, remedy: 'look into the log of Alertmanager' };
  },
  next: () => [
    'put the channel into /etc/palisade/config.yaml, and start palisade anew',
    'alerts carry the labels alertname, severity, instance and incident: route by them',
  ],
});

function isPrivate(url: string): boolean {
  return URL.canParse(url) && /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(new URL(url).hostname);
}

function said(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: Error };
  return cause?.message ?? message;
}
