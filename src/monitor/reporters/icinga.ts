import { z } from 'zod';
import { ask, resultOf } from '../icinga/index.ts';
import { icingaAccess } from '../icinga/request.ts';
import type { Reporter } from './reporter.ts';
import { reportable, rounds } from './rounds.ts';

const settings = z.strictObject({
  ...icingaAccess,
  host: z.string().min(1).optional().describe('This host as Icinga knows it; its own name unless said.'),
  prefix: z.string().default('palisade-').describe('What stands before the mode in the name of a service.'),
  modes: z
    .array(z.enum(reportable as [string, ...string[]]))
    .default([...reportable])
    .describe('What is reported.'),
  every: z.int().min(5).max(3600).default(60).describe('Everything is reported once in so many seconds, and changes at once.'),
});

/** Passive results for Icinga 2, wherever it is. */
export const icinga: Reporter<typeof settings> = {
  name: 'icinga',
  summary: 'passive results to the REST API of Icinga 2',
  settings,
  async run({ host, prefix, modes, every, ...access }, context, signal) {
    await rounds({ modes, everyMs: every * 1000 }, context, signal, async (due) => {
      for (const { mode, exit, judged } of due) {
        const body = resultOf(host ?? context.host, `${prefix}${mode}`, exit, judged.text, every * 3);
        const answer = await ask(access, 'POST', '/v1/actions/process-check-result', body, signal);
        const why = refusalOf(answer, `${host ?? context.host}!${prefix}${mode}`);
        if (why !== null) return `Icinga was not told: ${why}`;
      }
      return null;
    });
  },
};

type Answer = Awaited<ReturnType<typeof ask>>;

/** Why a result was not taken; `null`: it was. */
export function refusalOf(answer: Answer, service: string): string | null {
  if (!answer.ok) return `${answer.why}; ${answer.hint}`;
  const { results, status: said } = (typeof answer.body === 'object' && answer.body !== null ? answer.body : {}) as {
    readonly results?: readonly { readonly code?: number; readonly status?: string }[];
    readonly status?: string;
  };
  if (answer.status === 401) return 'it knows no such user and password; see user and password-file';
  if (answer.status === 403) return 'the user may not; give it the permission actions/process-check-result';
  // Without an object of the name, versions answer 404, 200 with nothing in it, or 500.
  if (answer.status === 404 || results?.length === 0)
    return `it knows no service ${service}; define it, as palisade integrate icinga does`;
  const bad = results?.find(({ code = 200 }) => code >= 300);
  if (answer.status < 300 && bad === undefined) return null;
  return `it answers ${answer.status}: ${bad?.status ?? said ?? JSON.stringify(answer.body).slice(0, 200)}; see its log`;
}
