/** Well-known services by port (IANA Service Name and Transport Protocol Port Number Registry), for people to read and write. */
const ports: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  http: 80,
  kerberos: 88,
  pop3: 110,
  ntp: 123,
  imap: 143,
  snmp: 161,
  ldap: 389,
  https: 443,
  smtps: 465,
  syslog: 514,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
  nfs: 2049,
  mysql: 3306,
  rdp: 3389,
  postgresql: 5432,
  redis: 6379,
};

/** Reads a port 0…65535 or a well-known service's name. */
export function parsePort(text: string): number | undefined {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 65535 ? Number(text) : undefined;
  return Object.hasOwn(ports, text) ? ports[text] : undefined;
}
