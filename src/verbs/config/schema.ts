import { z } from 'zod';

/** Every setting, as the configuration file spells it. `describe` is its documentation. */
export const configSchema = z.strictObject({
  backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to read when both hold some.'),
  port: z
    .int()
    .min(0)
    .max(65535)
    .default(7272)
    .describe('The port that the page and the API listen on, on 127.0.0.1; 0 takes a free one.'),
  color: z.enum(['auto', 'always', 'never']).default('auto').describe('Colours in the terminal.'),
  log: z.enum(['debug', 'info', 'warn', 'error']).default('warn').describe('The mildest level that is logged.'),
  state: z.string().min(1).default('/var/lib/palisade').describe('The folder that palisade keeps its state in.'),
  policy: z.string().min(1).default('/etc/palisade/policy.yaml').describe('The policy file.'),
});

export type Settings = z.output<typeof configSchema>;
export type ConfigKey = keyof Settings;

/** The environment variable of a setting. */
export function variableOf(key: string): string {
  return `PALISADE_${key.toUpperCase()}`;
}
