#!/bin/sh
# With set -e the first refusal that nobody asks about is the end.
iptables -D INPUT -j DROP
set -e
iptables -A INPUT -s 10.0.0.1
iptables -D INPUT -j DROP || true
! iptables -D INPUT -j DROP
iptables -A INPUT -s 10.0.0.2
set +e
iptables -D INPUT -j DROP
set -eu
iptables -A INPUT -s 10.0.0.3
iptables -A NOPE -j DROP
iptables -A INPUT -s 10.0.0.4
