/**
 * The ways of telling somebody: one file a channel, each one plain object with its settings and how it sends.
 *
 * A channel puts a {@link Message} into the receiver's form, escapes what others may have written for it, and says how the attempt ended. When and
 * whom is not its business (`routes`), nor what comes after a failure (`outbox`).
 */
import type { Channel } from '../channel.ts';
import { alertmanager } from './alertmanager.ts';
import { command } from './command.ts';
import { email } from './email.ts';
import { jsonlines } from './jsonlines.ts';
import { ntfy } from './ntfy.ts';
import { pagerduty } from './pagerduty.ts';
import { slack } from './slack.ts';
import { syslog } from './syslog.ts';
import { teams } from './teams.ts';
import { telegram } from './telegram.ts';
import { webhook } from './webhook.ts';
import { zabbix } from './zabbix.ts';

export const channels: readonly Channel[] = [
  email,
  webhook,
  slack,
  teams,
  telegram,
  ntfy,
  pagerduty,
  alertmanager,
  syslog,
  jsonlines,
  command,
  zabbix,
];
