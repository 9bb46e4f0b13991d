import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Tables without which the server, its API or a login do not start. The 348 templates that Zabbix brings are in none of them. */
const needed = new Set([
  ...['role', 'role_rule', 'users', 'usrgrp', 'users_groups', 'config', 'config_autoreg_tls', 'hstgrp', 'media_type'],
  ...['media_type_param', 'media_type_message', 'globalmacro', 'regexps', 'expressions', 'graph_theme'],
  // Since 7.0.
  ...['module', 'ugset', 'ugset_group', 'user_ugset'],
]);

/**
 * What a new database of Zabbix begins with, as SQL: of the 173,000 lines that Debian's package brings the few that a server needs. A statement may
 * go over several lines: it ends with the line that ends in a semicolon outside of its texts.
 */
export function seedOf(folder: string): string {
  const sql = gunzipSync(readFileSync(`${folder}/data.sql.gz`)).toString('utf8');
  const kept: string[] = [];
  // Within a text, and within a statement: since 6.4 one has many rows, a line each.
  let isQuoted = false;
  let isOpen = false;
  let keeps = true;
  for (const line of sql.split('\n')) {
    if (!isOpen) keeps = needed.has(/^INSERT INTO "?(\w+)/.exec(line)?.[1] ?? '') || !line.startsWith('INSERT INTO');
    if ((line.split("'").length - 1) % 2 === 1) isQuoted = !isQuoted;
    isOpen = isQuoted || !(line === '' || line.endsWith(';'));
    if (keeps) kept.push(line);
  }
  return kept.join('\n');
}

export function schemaOf(folder: string): string {
  return gunzipSync(readFileSync(`${folder}/schema.sql.gz`)).toString('utf8');
}
