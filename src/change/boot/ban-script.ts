import { createBanSets, longestBanSeconds } from '../../kernel/index.ts';

/**
 * What makes the sets of who is shut out when the machine starts, before rules are loaded that ask them: POSIX sh, ipset, and awk for the members.
 * A table that asks a set which is not there is not loaded at all.
 *
 * `sh bans.sh STATE`. The sets come first, and need nothing of the state folder. Then those are put in who are remembered in STATE/bans-remembered,
 * as {@link rememberBans} writes it, with what is left of their time; what is wrong there is passed over. It exits with 0 when all sets are there, and
 * with 1 when one is not.
 */
export const banScript = `#!/bin/sh
# Made by palisade; see man palisade-ban.
state=$1
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 077
remembered=$state/bans-remembered

# Why what the folder says is not believed: whoever could write there could shut anybody out.
strange=''
for place in "$state" "$remembered"; do
  # shellcheck disable=SC2046 # words
  set -- $(ls -ldn -- "$place" 2>/dev/null)
  case $1 in
  '') strange="there is no $place" ;;
  [d-]????-??-*) [ "$3" = "$(id -u)" ] || strange="$place belongs to somebody else" ;;
  *) strange="others may write in $place" ;;
  esac
  if [ -n "$strange" ]; then break; fi
done

say() { printf 'palisade: %s\\n' "$*" >&2; }

alarm() {
  say "$*"
  if [ -z "$strange" ]; then (printf '%s boot %s\\n' "$(date +%s)" "$*" >>"$state/words") 2>/dev/null; fi
  if [ "$(readlink /proc/self/ns/net)" = "$(readlink /proc/1/ns/net)" ]; then (printf '<2>palisade: %s\\n' "$*" >>/dev/kmsg) 2>/dev/null; fi
}

# netfilter-persistent loads none of its sets where one is there that is made otherwise than it was saved: what it was saved as, it is made as.
sets() {
  sed -n -E '/^create PALISADE-(NEVER|BAN|SHUT|LIST)[46] hash:net /p' /etc/iptables/ipsets 2>/dev/null
  cat <<'EOT'
${createBanSets}EOT
}

# All at once; each by itself where one is there that somebody made otherwise, such as of what an earlier palisade had: rules can ask it all the same.
makeSets() {
  error=$(sets | ipset -exist restore 2>&1) && return 0
  sets | while read -r create name rest; do
    # shellcheck disable=SC2086 # words
    ipset -exist "$create" "$name" $rest 2>/dev/null || ipset list -n "$name" >/dev/null 2>&1 || exit 1
  done
}

# Lines are a set, a network, and the second until when, 0 for as long as the set is; the first is when they were written. A clock that stands before
# that, as of a machine without one, makes nothing longer. Nor does ipset take more seconds than these.
members() {
  awk -v now="$(date +%s)" '
    NR == 1 { if ($1 == "at" && $2 > now) now = $2 + 0; next }
    NF != 3 || $2 !~ /^[0-9a-f.:]+(\\/[0-9]+)?$/ || $3 !~ /^[0-9]+$/ { next }
    $1 ~ /^PALISADE-NEVER[46]$/ { print "add", $1, $2; next }
    $1 !~ /^PALISADE-(BAN|SHUT)[46]$/ { next }
    $3 == 0 { print "add", $1, $2, "timeout 0"; next }
    { left = $3 - now; if (left > ${longestBanSeconds}) left = ${longestBanSeconds}; if (left >= 1) print "add", $1, $2, "timeout " left }
  ' "$remembered"
}

makeSets || {
  alarm "the sets of who is shut out cannot be made, and saved rules that ask them are not loaded: $(printf '%s\\n' "$error" | head -n 1)"
  exit 1
}
if [ -n "$strange" ]; then
  say "nobody is shut out yet: $strange"
elif ! members | ipset -exist restore 2>/dev/null; then
  # It goes on behind what is refused.
  members | ipset -exist - 2>&1 >/dev/null | head -n 1 >&2
fi
exit 0
`;
