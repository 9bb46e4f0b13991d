import { type CheckMode, type CheckStatus, worstOf } from './mode.ts';
import { duration } from './words.ts';

/** So many seconds may the clocks of whoever publishes and whoever reads differ: they are of one machine. */
const skew = 5;

export const heartbeat: CheckMode = {
  name: 'heartbeat',
  summary: 'whether palisade runs and has read the host lately: UNKNOWN when it has not',
  measured: 'state_age',
  measures: {
    state_age: 'seconds since the host was read',
    uptime: 'seconds since palisade started',
    read_time: 'seconds that the latest reading took',
    audit_time: 'seconds that the latest audit took',
  },
  heeds: {},
  run({ at, until, host, palisade, spent }, now) {
    const isAhead = at > now + skew;
    const statuses: CheckStatus[] = [isAhead ? 'UNKNOWN' : 'OK'];
    return {
      status: worstOf(statuses),
      text: isAhead
        ? `the host was read ${duration(at - now)} from now: its clock was set back; start palisade up anew`
        : `${host} was read ${duration(now - at)} ago`,
      more: [
        `palisade ${palisade.version}, process ${palisade.pid}, for ${duration(now - palisade.since)}`,
        `what is published counts for another ${duration(until - now)}`,
      ],
      measures: [
        { label: 'state_age', value: Math.max(0, Math.round(now - at)), unit: 's' },
        { label: 'uptime', value: Math.max(0, Math.round(now - palisade.since)), unit: 's' },
        { label: 'read_time', value: spent.readMs / 1000, unit: 's' },
        { label: 'audit_time', value: spent.auditMs / 1000, unit: 's' },
      ],
    };
  },
};
