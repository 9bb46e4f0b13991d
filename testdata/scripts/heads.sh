#!/bin/sh -e
# The first line says -e, and nothing behind a refusal runs.
iptables -A INPUT -s 10.0.0.1
iptables -D INPUT -s 10.0.0.2
iptables -A INPUT -s 10.0.0.3
