/**
 * What of a host can be reached from outside: listeners and accepted packets, by link, family and source.
 *
 * `Sight` is what new connections by one way are let through, read off the engine's functions; `doors` are the links towards
 * strangers with their sights; `published` follows what nat leads on; `ports` names what nobody should find open. The
 * checks FW-EXP, FW-CTR, FW-NAT, FW-FWD, FW-EGR and FW-SPOOF ask it, each thing is made once an audit. It judges nothing itself.
 */
export * from './course.ts';
export * from './doors.ts';
export * from './egress.ts';
export * from './everything.ts';
export * from './exposed.ts';
export * from './families.ts';
export * from './listed.ts';
export * from './listening.ts';
export * from './ports.ts';
export * from './published.ts';
export * from './roads.ts';
export * from './sight.ts';
export * from './strangers.ts';
