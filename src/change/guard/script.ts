import { restoreWords } from '../restore/script.ts';
import { ownRules, processField } from './own-rules.ts';

/**
 * What undoes a change that nobody confirms: POSIX sh and the tools of iptables, nothing of palisade's, so that it outlives it.
 *
 * It first reads its folder into memory: `owner` (process id and start time of who makes the change), `holder` (of who holds the lock of
 * iptables-legacy for him), `sets` (as `ipset save` prints them), `tables` (family, table, and the tools that save and restore it), and of
 * each F.TABLE the names of own `.chains`, `.policies` (`:CHAIN POLICY [0:0]`), `.jumps` (`POSITION -A CHAIN … -j PAL-…`), `.rules` of own
 * chains and `.own`, what they say together. Nothing that happens to the folder later keeps it from undoing: it reverts when the folder, or
 * the deadline in it, is gone. Marks there are for those who ask: `armed` (who it is), `reverting`, `reverted`, `disarmed` (it heard
 * `confirmed`). Each is a file that gets another name, which a full disk allows, and which of two who want it only one can do: whoever
 * confirms and nobody hears takes `confirmed` back, and knows.
 *
 * It reverts when it is told to (USR1), which needs no disk; and at the deadline (seconds of /proc/uptime), but while the rules are being
 * written (`committing`) only if whoever writes them has died or been stopped for ten seconds. It takes that mark away, and waits for a tool
 * that he left behind (`lock`): behind it he writes no more. It takes away whatever chains and jumps of palisade's it finds, so that it need
 * not know how far the change came, and tries again until what it reads is what stood there before. Jumps that are there as before stay
 * where they are.
 *
 * Where the folder holds `old`, the change was one of the whole host: then it makes the host as that says, see {@link restoreWords}.
 */
export const guardScript = `#!/bin/sh
folder=$1
how=$2
again=$3
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
trap '' HUP INT TERM
undo=''
trap 'undo=1' USR1
blank=' '

# Whoever ends the service that we were started by would end us too: we go where process 1 is.
if [ "$how" != service ] && [ -d /proc/1/root/run/systemd/system ]; then
  while IFS=: read -r number names path; do
    top=/proc/1/root/sys/fs/cgroup
    case $names in
    '') [ -e "$top/cgroup.controllers" ] || top=$top/unified ;;
    name=systemd) top=$top/systemd ;;
    *) continue ;;
    esac
    (echo "$$" >"$top$path/cgroup.procs") 2>/dev/null
  done </proc/1/cgroup
fi

read -r owner began rest <"$folder/owner" || exit 1
read -r holder held <"$folder/holder"
sets=$(cat "$folder/sets") || exit 1
set --
while read -r family table save restore; do
  at=$folder/$family.$table
  set -- "$@" "$family" "$table" "$save" "$restore" "$(cat "$at.chains")" "$(cat "$at.policies")" "$(cat "$at.jumps")" \
    "$(cat "$at.rules")" "$(cat "$at.own")"
done <"$folder/tables" || exit 1
only='' error='' whole=''
${restoreWords}
if [ -d "$folder/old" ]; then
  load "$folder/old" || exit 1
  whole=1
fi

mark() { mv "$folder/$1.mark" "$folder/$1" 2>/dev/null || true; }

now() { read -r up rest </proc/uptime; printf '%s' "\${up%.*}"; }

${processField}
# Whether who makes the change is still there: the same process, not another that got its number.
alive() { [ "$(field "$owner" 20)" = "$began" ]; }

stopped() { [ "$(field "$owner" 1)" = T ]; }

${ownRules}
# Where it stood, as far as others' rules reach.
spot() { # chain mine position
  most=$(($(printf '%s\\n' "$there" | grep -e "^-A $1 " | grep -c -v -e ' -[jg] PAL-[^ "]*$') + $2 + 1))
  if [ "$3" -le "$most" ]; then printf '%s' "$3"; else printf '%s' "$most"; fi
}

revert() { # family table save restore chains policies jumps rules own
  put "$@" || {
    (printf '%s\\n' "$error" >>"$folder/errors") 2>/dev/null
    return 1
  }
  is "$@"
}

# Whoever cannot say that he stands ready is not waited for, and may undo nothing later.
(printf '%s %s\\n' "$$" "$(field $$ 20)" >"$folder/armed.new" && mv "$folder/armed.new" "$folder/armed") 2>/dev/null || exit 1
waits=0
while :; do
  reason='somebody asked for it'
  if [ -n "$undo" ]; then break; fi
  if [ -e "$folder/confirmed" ] && mv "$folder/confirmed" "$folder/disarmed" 2>/dev/null; then exit 0; fi
  if [ -e "$folder/committing" ]; then
    if ! alive; then
      reason='palisade died while it wrote the rules'
      break
    fi
    if stopped; then waits=$((waits + 1)); else waits=0; fi
    reason='palisade was stopped while it wrote the rules'
    if [ "$waits" -gt 50 ]; then break; fi
  else
    deadline=$(cat "$folder/deadline" 2>/dev/null)
    reason='its files are gone'
    if [ "$again" = anew ]; then reason='palisade and who would undo it had died'; fi
    if [ -z "$deadline" ]; then break; fi
    reason='nobody confirmed it in time'
    if [ "$(now)" -ge "$deadline" ]; then break; fi
  fi
  sleep 0.2 2>/dev/null || sleep 1
done

mark reverting
rm -f "$folder/committing" 2>/dev/null
# A tool that the dead left behind may still be writing.
if [ -e "$folder/lock" ]; then flock "$folder/lock" true 2>/dev/null; fi
# Whoever was stopped still keeps others out of legacy tables, and us.
if [ -n "$holder" ] && [ "$(field "$holder" 20)" = "$held" ]; then kill "$holder" 2>/dev/null; fi
all=$#
while :; do
  failed=0
  if [ -n "$whole" ] && ! makeSo differing; then
    failed=1
    (printf '%s\\n' "$error" >>"$folder/errors") 2>/dev/null
  fi
  [ -z "$sets" ] || printf '%s\\n' "$sets" | ipset -exist restore 2>/dev/null
  turn=0
  while [ "$turn" -lt "$all" ]; do
    revert "$@" || failed=1
    for word in "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9"; do
      set -- "$@" "$word"
    done
    shift 9
    turn=$((turn + 9))
  done
  if [ "$failed" = 0 ]; then break; fi
  sleep 1
done
count=$((all / 9))
# shellcheck disable=SC2086 # words
if [ -n "$whole" ]; then
  set -- $to_tables
  count=$(($# / 4))
fi
# For the journal, which palisade writes when it runs again.
(umask 077 && printf '%s guard %s, and the change is undone; %s tables were read back and are as they were\\n' \\
  "$(date +%s)" "$reason" "$count" >>"\${folder%/*}/words") 2>/dev/null
mark reverted
`;

/**
 * Starts the guard (`$0`) of a folder (`$1`), for the first time or anew (`$2`), and comes back at once. Where systemd is process 1 and we
 * are in its namespaces, the guard is a unit of its own, which systemd starts again should somebody kill it: a timer would do no more, and could not revert at once when
 * palisade dies. Elsewhere a unit would work on another network, or with other files, than the caller: there it is a session of its own.
 */
export const starterScript = `
same=1
for kind in net mnt user pid; do
  [ "$(readlink "/proc/self/ns/$kind")" = "$(readlink "/proc/1/ns/$kind")" ] || same=0
done
if [ "$same" = 1 ] && [ -d /run/systemd/system ]; then
  read -r now rest </proc/uptime
  systemd-run --quiet --collect --unit="palisade-guard-$now-$$" --description='Undoes a change of the firewall unless it is confirmed' \\
    -p Type=exec -p Restart=on-abnormal -p RestartSec=100ms -p StartLimitIntervalSec=0 -p OOMScoreAdjust=-900 -p TimeoutStopSec=1 \\
    -p StandardOutput=null -p StandardError=null --setenv="XTABLES_LOCKFILE=\${XTABLES_LOCKFILE:-/run/xtables.lock}" \\
    /bin/sh "$0" "$1" service "$2" </dev/null >/dev/null 2>&1 && exit 0
fi
exec setsid -f sh "$0" "$1" session "$2" </dev/null >/dev/null 2>&1
`;
