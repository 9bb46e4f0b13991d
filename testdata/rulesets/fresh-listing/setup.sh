# A host without rules on which someone only looked: reading makes the legacy tools create tables, nft's create none.
for table in filter nat mangle raw security; do iptables -t $table -L -n >/dev/null; ip6tables -t $table -L -n >/dev/null; done
