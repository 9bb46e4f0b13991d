/** A message that is to be made and queued: what has become of which incidents, for one channel. */
export interface Draft {
  readonly channel: string;
  readonly kind: 'transition' | 'digest' | 'renewal';
  readonly thread: string;
  /** Worst first. */
  readonly alerts: readonly { readonly id: string; readonly state: 'firing' | 'acknowledged' | 'resolved' }[];
  /** Counted, and not named. */
  readonly more: number;
}
