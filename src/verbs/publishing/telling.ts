import type { HostState } from '../../monitor/index.ts';
import type { StateRead } from '../../monitor/state/index.ts';
import type { StateInput } from '../state.ts';
import type { Context, Outcome } from '../verb.ts';
import { publishedAt } from './place.ts';
import { readPublished } from './read.ts';
import { writeTextfile } from './textfile.ts';

/** Reads what is published, and says it in the format that was asked for. */
export async function tellState(context: Context, { format, output, socket, timeout }: StateInput): Promise<Outcome<HostState>> {
  const read = await readPublished(publishedAt(context, socket), {
    now: () => context.clock.now(),
    timeoutMs: timeout * 1000,
  });
  if (!read.ok && format === 'json') return { kind: 'unread', problems: [read.problem] };
  const document = await documentOf(read, format);
  const kind = read.ok ? 'done' : 'unknown';
  const value = read.ok ? read.state : null;
  if (output === undefined) return { kind, value, document };
  const written = await writeTextfile(output, document);
  return written.ok ? { kind, value, document: '' } : { kind: 'invalid', problems: written.problems };
}

async function documentOf(read: StateRead, format: StateInput['format']): Promise<string> {
  switch (format) {
    case 'json':
      return read.ok ? `${JSON.stringify(read.state)}\n` : '';
    case 'zabbix': {
      const { itemsOf } = await import('../../monitor/zabbix/index.ts');
      return `${itemsOf(read)}\n`;
    }
    default: {
      const { exposition, metricsOf } = await import('../../monitor/prometheus/index.ts');
      return exposition(metricsOf(read), format === 'prometheus' ? 'text' : 'openmetrics');
    }
  }
}

/** The line that Zabbix takes where there is no state, with the reason. */
export async function itemsWithout(message: string): Promise<string> {
  const problem = { code: 'usage', message, hint: 'palisade state --help says how it is asked' } as const;
  return await documentOf({ ok: false, problem }, 'zabbix');
}
