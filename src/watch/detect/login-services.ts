/** So long after a login, in seconds, its source may mistype more often: behind one address there may be twenty people. */
export const knownFor = 24 * 3600;

/** A service that asks who one is. */
export interface LoginService {
  readonly name: string;
  readonly ports: readonly number[];
  /** How many connections of honest people stand for one try: mail servers and browsers open many. */
  readonly patience: number;
}

export const ssh: LoginService = { name: 'ssh', ports: [22], patience: 1 };

/** Services on which passwords are tried, by their usual ports (IANA). */
export const loginServices: readonly LoginService[] = [
  ssh,
  { name: 'FTP', ports: [21], patience: 1 },
  { name: 'Telnet', ports: [23, 2323], patience: 1 },
  // Others' mail servers deliver here, and come again when they are put off.
  { name: 'mail (SMTP)', ports: [25], patience: 3 },
  { name: 'mail (submission)', ports: [465, 587], patience: 2 },
  { name: 'mail (POP3)', ports: [110, 995], patience: 2 },
  // Mail programs open a connection a folder.
  { name: 'mail (IMAP)', ports: [143, 993], patience: 3 },
  { name: 'file sharing (SMB)', ports: [445], patience: 2 },
  { name: 'SQL Server', ports: [1433], patience: 1 },
  { name: 'Oracle', ports: [1521], patience: 1 },
  { name: 'MySQL', ports: [3306], patience: 1 },
  { name: 'remote desktop (RDP)', ports: [3389], patience: 1 },
  { name: 'telephony (SIP)', ports: [5060, 5061], patience: 3 },
  { name: 'PostgreSQL', ports: [5432], patience: 1 },
  { name: 'VNC', ports: [5900, 5901], patience: 1 },
  { name: 'WinRM', ports: [5985, 5986], patience: 1 },
  { name: 'Redis', ports: [6379], patience: 1 },
  // Consoles of routers and applications; people visit them with browsers.
  { name: 'web console', ports: [8080, 8443, 10000], patience: 4 },
];
