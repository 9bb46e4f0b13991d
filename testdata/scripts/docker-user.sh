# Rules in front of a chain that another program made.
iptables -N DOCKER-USER
iptables -A FORWARD -j DOCKER-USER
iptables -A DOCKER-USER -j RETURN
iptables -I DOCKER-USER -i eth0 ! -s 192.168.1.0/24 -j DROP
iptables -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -R DOCKER-USER 2 -i eth0 ! -s 192.168.2.0/24 -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP
iptables -D DOCKER-USER -j RETURN
iptables -A DOCKER-USER -j RETURN
