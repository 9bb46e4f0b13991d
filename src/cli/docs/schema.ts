import { z } from 'zod';
import { acceptedSchema } from '../../verbs/accepted.ts';
import { messageDocument, policySchema } from '../../verbs/catalogue.ts';
import { wholeSchema } from '../../verbs/config/whole.ts';
import type { Verb } from '../../verbs/index.ts';

type Schema = Record<string, unknown>;

/** The JSON Schemas of a verb: `VERB.json` is what `--json` prints, `VERB.input.json` what its flags make. */
export function schemasOf(verb: Verb): readonly (readonly [name: string, text: string])[] {
  const said = verb.streams ? 'one line of' : 'the one line of';
  return [
    [
      `${verb.name}.json`,
      text(verb.output, 'output', `palisade ${verb.name}`, `The shape of ${said} palisade ${verb.name} --json.`),
    ],
    [
      `${verb.name}.input.json`,
      text(verb.input, 'input', `palisade ${verb.name}: input`, `What the flags of palisade ${verb.name} make.`),
    ],
  ];
}

/** The schema of the configuration file, for editors. */
export function configurationSchema(): string {
  return text(wholeSchema, 'input', 'palisade configuration', 'The shape of /etc/palisade/config.yaml.');
}

/** The schema of the file of accepted risks, for editors. */
export function acceptedFileSchema(): string {
  return text(acceptedSchema, 'input', 'palisade accepted risks', 'The shape of /etc/palisade/accepted.yaml.');
}

/** The schema of the policy file, for editors. */
export function policyFileSchema(): string {
  return text(policySchema, 'input', 'palisade policy', 'The shape of /etc/palisade/policy.yaml.');
}

/** The schema of what the channels webhook and command hand over. */
export function alertMessageSchema(): string {
  return text(
    messageDocument,
    'output',
    'palisade alert message',
    'What the channels webhook and command hand over: one message.',
  );
}

function text(type: z.ZodType, io: 'input' | 'output', title: string, description: string): string {
  const schema = z.toJSONSchema(type, { io, override: ({ jsonSchema }) => tidy(jsonSchema as Schema) }) as Schema;
  const { $schema, ...rest } = schema;
  return `${JSON.stringify({ $schema, ...rest, title, description }, null, 2)}\n`;
}

/** Takes out what is about the command line, and bounds that every JSON number in JavaScript has. */
function tidy(schema: Schema): void {
  for (const key of ['value', 'path', 'hidden', 'positional', 'wanted']) delete schema[key];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
}
