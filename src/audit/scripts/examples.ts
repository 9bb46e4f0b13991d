/** Scripts and facts that several checks take as examples. */

/** What a widespread guide has its readers type, from line 2 on as testdata/scripts/guide.sh has it. */
export const guideScript = `# step 2
iptables -P INPUT DROP
iptables -P FORWARD DROP
iptables -P OUTPUT ACCEPT
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -p tcp --dport 80 -j ACCEPT
iptables -A INPUT -p tcp --dport 443 -j ACCEPT
iptables -A INPUT -m limit --limit 5/min -j LOG --log-prefix "IPTables-Dropped: "
iptables -A INPUT -p tcp --dport 22 -m state --state NEW -m recent --set
iptables -A INPUT -p tcp --dport 22 -m state --state NEW -m recent --update --seconds 60 --hitcount 4 -j DROP
iptables -A INPUT -p tcp -s 192.168.1.50 --dport 22 -j ACCEPT
iptables -A INPUT -p tcp --dport 22 -j DROP
`;

/** A host with one link and one session, in the shape of a facts file. */
export function session(peer: string, local: string): object {
  return {
    links: [{ name: 'eth0' }],
    addresses: [
      { link: 'eth0', address: '198.51.100.10/24' },
      { link: 'eth0', address: '2001:db8::10/64' },
    ],
    sessions: [{ local, localPort: 22, peer, peerPort: 51_234, process: 'sshd' }],
  };
}
