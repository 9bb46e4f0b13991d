/** Who may reach a service: everybody, those who administer the host, nobody, or these addresses. */
export type Audience = 'anyone' | 'admins' | 'nobody' | readonly string[];

/** Something that listens for others than the host itself. */
export interface Offer {
  /** As a policy names it. */
  readonly service: string;
  /** `80/tcp`, for people. */
  readonly ports: readonly string[];
  readonly process: string | null;
  /** A port of a container that Docker publishes. */
  readonly published: boolean;
  readonly to: Audience;
}

/** What a policy is drafted from: the answers to the five questions of `init`. */
export interface Answers {
  /** Links that face the internet; none where nothing does. */
  readonly internet: readonly string[];
  /** Where those who administer the host come from, in the words of a policy. */
  readonly admins: 'anyone' | readonly string[];
  /** Services by which they come in. */
  readonly logins: readonly string[];
  readonly offers: readonly Offer[];
  /** Links whose machines may go out to the internet through this host. */
  readonly forwards: readonly string[];
  readonly log: boolean;
  readonly protect: boolean;
}

/** What of the host decides how answers are best written. */
export interface Ground {
  /** Private addresses have no business on the links that face the internet, which have public ones themselves. */
  readonly bogons: boolean;
  /** Links of `forwards` with private addresses, which take the host's own on their way out. */
  readonly hidden: readonly string[];
  /** Connections are tracked already: what belongs to one is known, however long it has been silent. */
  readonly tracked: boolean;
}
