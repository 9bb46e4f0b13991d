/**
 * What Icinga 2 is told by its REST API: results with a time to live, after which it asks by itself and says UNKNOWN; and the objects that expect
 * them.
 *
 * `request` asks once, within a limit; it trusts no certificate that it is not told to. The reporter and `integrate` call it. How things stand is
 * judged in `checks`.
 */
export { icingaObjects } from './objects.ts';
export { ask, type IcingaAccess, type IcingaAnswer } from './request.ts';
export { resultOf } from './result.ts';
