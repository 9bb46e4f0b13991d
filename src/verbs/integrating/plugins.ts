import { z } from 'zod';
import { checkModes } from '../../monitor/checks/index.ts';
import type { IntegrationGround } from './integration.ts';

/** Modes that need nothing said; the others are for who knows which rule or port he means. */
export const usualModes: readonly string[] = checkModes
  .map(({ name }) => name)
  .filter((name) => !['all', 'rule-hits', 'exposure'].includes(name));

/** A list of modes as `--set` says it. */
export const modesAnswer = z
  .string()
  .default(usualModes.join(','))
  .refine((text) => wordsOf(text).every((word) => checkModes.some(({ name }) => name === word)), {
    error: `the modes are ${checkModes.map(({ name }) => name).join(', ')}`,
  })
  .describe('What is checked: modes of palisade check, with commas between them.');

export function wordsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** What a plugin is told beside its mode. */
export function restOf({ socket }: IntegrationGround): string {
  return socket === usualSocket ? '' : ` --socket ${socket}`;
}

export const usualSocket = '/run/palisade/state.sock';

/** Plugins run as somebody who has to be let in. */
export function membership(user: string): string {
  return `let ${user} read what is published: usermod -aG palisade ${user}, and start its service anew`;
}

/** A host's name as a part of a file's. */
export function fileName(host: string): string {
  return host.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^\.+/, '_');
}
