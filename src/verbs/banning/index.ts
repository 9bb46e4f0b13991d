/**
 * Who is shut out: what the verbs about it do, and what whoever watches does with the bans that follow from attacks.
 *
 * `never` gathers whom nobody may shut out, `stand` has the chains and sets there, `acting` puts decisions of `watch/bans` into the kernel and keeps all of it so,
 * `proof` asks whether a source completed a handshake, `lists` fetches what others keep. Verbs and the watcher call it.
 */
export { type Acting, openActing } from './acting.ts';
export { banNetwork, unbanNetwork } from './asked.ts';
export { explainBan } from './explained.ts';
export { listBans } from './listed.ts';
