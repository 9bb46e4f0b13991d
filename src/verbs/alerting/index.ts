/**
 * Sends alerts: follows incidents in the store, asks routes who is told, keeps messages in the outbox, and has channels deliver them; and runs those
 * who bring the host's state to monitoring systems.
 *
 * All of it is done by a process of its own without rights over the firewall (`sender`), which `following` starts and starts again. Called by `up`.
 */
export { startSending } from './following.ts';
export type { SenderTold } from './told.ts';
