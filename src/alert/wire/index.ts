/**
 * One attempt to reach a receiver, so that nothing but an answer or a reason comes of it: within one time limit, over TLS that is checked, to
 * exactly the address that was looked at; over HTTP without redirects, and with no more of an answer than a person would read.
 *
 * It knows no receiver: whether an answer is a good one, channels say. They call it.
 */

export { deliver, objectOf } from './deliver.ts';
export { faultOf } from './fault.ts';
export { senderOf } from './sender.ts';
export { authorizationOf, bodyFor, httpSettings, secretText } from './settings.ts';
export { connect, type Ended, sendWhole, type Way } from './stream.ts';
export { fileText, trustedBy } from './trust.ts';
