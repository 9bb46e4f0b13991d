import { z } from 'zod';
import { closest } from '../closest.ts';
import type { Channel } from './channel.ts';
import { sendingSettings } from './routes/settings.ts';

const channelName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
  .meta({ wanted: 'a name of letters, digits, - and _' });

/** `alerts` of the configuration: channels by their names, and routes to them. */
export function alertSettings(channels: readonly Channel[]) {
  const [first, ...rest] = channels.map(({ type, summary, settings }) =>
    z.strictObject({ type: z.literal(type).describe(summary), ...settings.shape }),
  );
  const one =
    first === undefined
      ? z.strictObject({ type: z.enum([]).describe('Which channel it is.') })
      : z.discriminatedUnion('type', [first, ...rest]);
  return z
    .strictObject({
      channels: z.record(channelName, one).default({}).describe('The ways of telling somebody, by names of your own.'),
      ...sendingSettings.shape,
    })
    .superRefine(({ channels: there, routes, weekly }, context) => {
      const known = Object.keys(there);
      const missing = (name: string, path: (string | number)[], of = 'routes'): void => {
        if (known.includes(name)) return;
        const near = closest(name, known);
        const all = known.length === 0 ? 'write it under alerts.channels' : `the channels are ${known.join(', ')}`;
        const hint = near === undefined ? all : `did you mean "${near}"?`;
        context.addIssue({
          code: 'custom',
          path: [of, ...path],
          message: `there is no channel "${name}"`,
          params: { hint },
        });
      };
      for (const [index, name] of (weekly?.to ?? []).entries()) missing(name, ['to', index], 'weekly');
      for (const [at, { to, escalate }] of (routes ?? []).entries()) {
        for (const [index, name] of to.entries()) missing(name, [at, 'to', index]);
        for (const [step, { to: further }] of escalate.entries())
          for (const [index, name] of further.entries()) missing(name, [at, 'escalate', step, 'to', index]);
      }
    });
}

export type AlertSettings = z.output<ReturnType<typeof alertSettings>>;
