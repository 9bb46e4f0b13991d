/**
 * What do monitoring systems see? One state of the host, and how each of them is told of it.
 *
 * `state` is what all of them read; `checks` judge it as monitoring plugins do, `prometheus`, `zabbix`, `nagios` and `icinga` say it in their words,
 * `reporters` bring it to those that wait to be told. Nothing here looks at the host: whoever watches it makes the state (`verbs/publishing`). It tells
 * nobody of incidents: that is `alert`.
 */
export type { CheckMode, CheckResult, Measure } from './checks/mode.ts';
export type { HostState, StateRead } from './state/index.ts';
