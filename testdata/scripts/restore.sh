#!/bin/sh
# Here-documents for iptables-restore, whole and in addition.
PORT=8443
iptables -P INPUT DROP
iptables -N old
iptables -A INPUT -j old
iptables-restore <<'END'
# a comment
*filter
:INPUT DROP [3:4]
:own - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m comment --comment "a $PORT 'b'" -j own
[5:6] -A own -p tcp --dport 22 -j ACCEPT
COMMIT
*nat
-A POSTROUTING -j MASQUERADE
COMMIT
END
iptables-restore -n <<END
*filter
:own - [0:0]
-I INPUT 2 -p tcp --dport $PORT -j ACCEPT
-A own -s 10.0.0.1 -j RETURN
-D INPUT 1
COMMIT
END
iptables-restore --noflush <<-END
	*filter
	:more -
	-A more -j nope
	COMMIT
	END
iptables-restore -n <<END
*mangle
-A INPUT -s 10.0.0.2
COMMIT
*filter
-A NOPE -s 10.0.0.3
COMMIT
*raw
-A OUTPUT -s 10.0.0.4
COMMIT
END
iptables-restore -T nat <<END
*filter
-A INPUT -s 10.0.0.5
COMMIT
*nat
-A OUTPUT -d 10.0.0.6 -j ACCEPT
COMMIT
END
iptables-restore -t <<END
*filter
-A INPUT -s 10.0.0.7
COMMIT
END
iptables-restore <<END
*filter
-A INPUT -s 10.0.0.8
COMMIT
END
iptables -A INPUT -s 10.0.0.9
