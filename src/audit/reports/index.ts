/**
 * How an audit is written down: one file a format, each of which turns the one dossier into a document.
 *
 * They decide nothing, read no clock and print nothing: verbs choose a format and write its text. JSON is the verb's own value,
 * and the terminal's text is drawn by `cli`.
 */
import { csv } from './csv.ts';
import { html } from './html.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { sarif } from './sarif.ts';

export type { Format } from './format.ts';

export const formats = { sarif, junit, html, markdown, csv } as const;
