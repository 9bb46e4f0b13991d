import { UDP } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import { Attempts, targetOf } from './attempts.ts';
import { knownFor, type LoginService, loginServices, ssh } from './login-services.ts';
import { type Sort, sorts } from './sort.ts';
import type { SourceTable } from './source-table.ts';

/** Pairs that are followed at once. */
const pairs = { logins: 8192, connections: 32_768 } as const;
/** After which time a try counts half. */
export const halfLife = { loginsHours: 6, connectionsMinutes: 15 } as const;
/** Without a handshake nothing tells a new try from one that is sent again. */
const patienceOfUdp = 5;
const sipPort = 5060;
const ofUdp = 0x80;

/** The service of each port as its number, which is its place among them and one more; 0 for none. */
const numbers = new Uint8Array(65_536);
for (const [index, { ports }] of loginServices.entries()) for (const port of ports) numbers[port] = index + 1;

/**
 * The event that is being seen as one of somebody who wants to log in: what several detectors would else each find out and keep. One object, written
 * over with each event that may be one.
 */
export class Attempt {
  /** Failed logins of ssh, as sshd says: pairs of a source and nothing else. */
  readonly logins: Attempts;
  /** Connections that rules log: pairs of a source and a service of an address. */
  readonly connections: Attempts;
  /** The pair in the one or the other, as the event's sort says; -1: there is none. */
  place = -1;
  /** It begins, and is no SYN that is sent again. */
  isNew = false;
  /** It counts as a try: honest programs open several connections to some services at once. */
  isTry = false;
  service: LoginService = ssh;
  /** The second of the epoch that it is of. */
  second = 0;
  /** The source has logged in within a day. */
  isKnown = false;
  private readonly sources: SourceTable;
  /** When each source logged in last, in seconds. */
  private readonly acceptedAt: number;

  constructor(sources: SourceTable, seed: number) {
    this.sources = sources;
    this.logins = new Attempts(pairs.logins, sources, seed, halfLife.loginsHours * 3_600_000);
    this.connections = new Attempts(pairs.connections, sources, seed, halfLife.connectionsMinutes * 60_000);
    this.acceptedAt = sources.records.reserve(1);
  }

  take(batch: Batch, row: number, slot: number, sort: Sort): void {
    this.place = -1;
    if (slot < 0) return;
    this.second = Math.floor((batch.at[row] as number) / 1000);
    if (sort === sorts.failedLogin || sort === sorts.acceptedLogin) this.login(slot, sort === sorts.acceptedLogin);
    else this.connection(batch, row, slot, sort);
  }

  private login(slot: number, isAccepted: boolean): void {
    const { words, stride } = this.sources.records;
    const accepted = stride * slot + this.acceptedAt;
    this.service = ssh;
    this.isNew = true;
    this.isTry = true;
    this.isKnown = this.hasLoggedIn(slot);
    if (isAccepted) {
      words[accepted] = Math.max(this.second, words[accepted] as number);
      this.place = this.logins.find(slot, 0, 1);
      return;
    }
    this.place = this.logins.placeOf(slot, 0, 1, this.second);
    this.logins.add(this.place, this.second);
  }

  private connection(batch: Batch, row: number, slot: number, sort: Sort): void {
    const port = batch.dport[row] as number;
    const number = port < 0 ? 0 : (numbers[port] as number);
    if (number === 0) return;
    const service = loginServices[number - 1] as LoginService;
    const isUdp = sort !== sorts.syn;
    // Telephones ask from the port on which they answer.
    if (sort === sorts.answer && (port !== sipPort || batch.proto[row] !== UDP)) return;
    // Who has logged in is judged by logins alone.
    if (service === ssh && (isUdp || this.hasLoggedIn(slot))) return;
    const { connections } = this;
    const place = connections.placeOf(slot, targetOf(batch, row), isUdp ? number | ofUdp : number, this.second);
    const patience = isUdp ? service.patience * patienceOfUdp : service.patience;
    this.place = place;
    this.service = service;
    this.isNew = isUdp || connections.connects(place, batch.sport[row] as number, this.second);
    this.isTry = this.isNew && connections.count(place) % patience === 0;
    if (this.isNew) connections.add(place, this.second, this.isTry);
  }

  private hasLoggedIn(slot: number): boolean {
    const { words, stride } = this.sources.records;
    const accepted = words[stride * slot + this.acceptedAt] as number;
    return accepted !== 0 && Math.abs(this.second - accepted) < knownFor;
  }
}
