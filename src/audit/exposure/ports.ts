import { TCP, UDP } from '../../model/net/index.ts';

/** A port that has a name for people. */
export interface NamedPort {
  readonly proto: typeof TCP | typeof UDP;
  readonly port: number;
  readonly name: string;
}

function named(proto: typeof TCP | typeof UDP, names: Readonly<Record<string, readonly number[]>>): readonly NamedPort[] {
  return Object.entries(names).flatMap(([name, ports]) => ports.map((port) => ({ proto, port, name })));
}

/** Ways to manage a machine. */
export const managementPorts: readonly NamedPort[] = named(TCP, {
  SSH: [22],
  'remote desktop': [3389],
  VNC: [5900, 5901, 5902, 5903],
  WinRM: [5985, 5986],
  Proxmox: [8006],
  Cockpit: [9090],
  Webmin: [10000],
});

/** Databases, cluster and administration interfaces, which trust their network. */
export const innerPorts: readonly NamedPort[] = named(TCP, {
  'SQL Server': [1433],
  Oracle: [1521],
  NFS: [2049],
  'Docker API': [2375, 2376],
  etcd: [2379, 2380],
  MySQL: [3306],
  PostgreSQL: [5432],
  Kibana: [5601],
  CouchDB: [5984],
  Redis: [6379],
  'Kubernetes API': [6443],
  Cassandra: [7000, 9042],
  InfluxDB: [8086],
  Consul: [8500],
  Portainer: [9000],
  Kafka: [9092],
  Elasticsearch: [9200, 9300],
  kubelet: [10250, 10255],
  memcached: [11211],
  'RabbitMQ management': [15672],
  MongoDB: [27017, 27018, 27019],
  Hadoop: [50070],
});

/** Protocols that send passwords and data in the clear, or that have no place between networks. */
export const legacyPorts: readonly NamedPort[] = [
  ...named(TCP, {
    FTP: [21],
    Telnet: [23],
    rpcbind: [111],
    NetBIOS: [137, 139],
    SMB: [445],
    'Berkeley r-commands': [512, 513, 514],
    'rsync daemon': [873],
    LDAP: [389],
  }),
  ...named(UDP, {
    TFTP: [69],
    rpcbind: [111],
    NetBIOS: [137, 138],
    SNMP: [161, 162],
    XDMCP: [177],
    CLDAP: [389],
    SSDP: [1900],
  }),
];

/** Services over UDP that answer with more than they are asked, to whoever the source claims to be (US-CERT TA14-017A). */
export const amplifyingPorts: readonly NamedPort[] = named(UDP, {
  'quote of the day': [17],
  chargen: [19],
  DNS: [53],
  TFTP: [69],
  rpcbind: [111],
  NTP: [123],
  NetBIOS: [137],
  SNMP: [161],
  CLDAP: [389],
  SLP: [427],
  RIP: [520],
  SSDP: [1900],
  'Apple Remote Desktop': [3283],
  'WS-Discovery': [3702],
  mDNS: [5353],
  memcached: [11211],
  'Source engine': [27015],
});

/** Ports at which one must know who comes: all of {@link managementPorts} and {@link innerPorts}. */
export const sensitivePorts: readonly NamedPort[] = [...managementPorts, ...innerPorts];
