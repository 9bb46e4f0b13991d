import type { Route } from './route.ts';

/** How many messages were sent lately by each route to each channel. */
export class Limits {
  /** By route and channel, epoch milliseconds in their order. Plain JSON. */
  private readonly sent: Record<string, number[]>;

  constructor(sent: Record<string, number[]>) {
    this.sent = sent;
  }

  /** When the next message may be sent; `now` or earlier: it may. */
  freeAt(index: number, channel: string, { atMost }: Route, now: number): number {
    const sent = this.of(index, channel);
    // A clock that was set back must not keep anybody from being told.
    while (sent.length > 0 && (sent.at(-1) as number) > now) sent.pop();
    const old = sent.findIndex((at) => at > now - atMost.withinMs);
    if (old !== 0) sent.splice(0, old < 0 ? sent.length : old);
    return sent.length < atMost.messages ? now : (sent[sent.length - atMost.messages] as number) + atMost.withinMs;
  }

  /** Counts one, if it may be sent. */
  mayI(index: number, channel: string, route: Route, now: number): boolean {
    if (this.freeAt(index, channel, route, now) > now) return false;
    this.of(index, channel).push(now);
    return true;
  }

  private of(index: number, channel: string): number[] {
    const key = `${index} ${channel}`;
    const sent = this.sent[key] ?? [];
    this.sent[key] = sent;
    return sent;
  }
}
