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
 */
export const guardScript = `#!/bin/sh
folder=$1
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
trap '' HUP INT TERM
undo=''
trap 'undo=1' USR1
blank=' '

read -r owner began rest <"$folder/owner" || exit 1
read -r holder held <"$folder/holder"
sets=$(cat "$folder/sets") || exit 1
set --
while read -r family table save restore; do
  at=$folder/$family.$table
  set -- "$@" "$family" "$table" "$save" "$restore" "$(cat "$at.chains")" "$(cat "$at.policies")" "$(cat "$at.jumps")" \
    "$(cat "$at.rules")" "$(cat "$at.own")"
done <"$folder/tables" || exit 1

mark() { mv "$folder/$1.mark" "$folder/$1" 2>/dev/null || true; }

now() { read -r up rest </proc/uptime; printf '%s' "\${up%.*}"; }

# Fields of /proc/PID/stat behind the program's name; of one that has ended and that nobody asked after, nothing.
field() { # pid number
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  number=$2
  # shellcheck disable=SC2086 # words
  set -- \${stat##*)}
  [ "$1" != Z ] || return 1
  eval "printf '%s' \\"\\\${$number}\\""
}

# Whether who makes the change is still there: the same process, not another that got its number.
alive() { [ "$(field "$owner" 20)" = "$began" ]; }

stopped() { [ "$(field "$owner" 1)" = T ]; }

# What palisade has in a table, without counters, chain by chain: in which order chains stand says nothing.
own() {
  sed -n -e 's/ \\[[0-9]*:[0-9]*\\]$//' -e '/^:PAL-/p' -e '/^-A PAL-/{p;d;}' -e '/^-A .* -[jg] PAL-/p' | sort -s -k 1,2
}

# Jumps of others' chains into palisade's, as they stand in a table.
jumps() { sed -n -e '/^-A PAL-/d' -e '/^-A .* -[jg] PAL-/p'; }

text() { # table policies chains jumps rules; the table as it is in $there
  printf '*%s\\n' "$1"
  [ -z "$2" ] || printf '%s\\n' "$2"
  found=$(printf '%s\\n' "$there" | sed -n 's/^:\\(PAL-[^ ]*\\) .*/\\1/p')
  for chain in $found $3; do printf ':%s - [0:0]\\n' "$chain"; done | sort -u
  old=$(printf '%s\\n' "$4" | sed -n 's/^[0-9]* //p')
  here=$(printf '%s\\n' "$there" | jumps)
  if [ "$here" != "$old" ]; then
    [ -z "$here" ] || printf '%s\\n' "$here" | sed 's/^-A /-D /'
    done=''
    printf '%s\\n' "$4" | while read -r position flag from rest; do
      # Others may have taken their chain away meanwhile, or rules before ours.
      if [ -z "$flag" ] || ! printf '%s\\n' "$there" | grep -q -e "^:$from "; then continue; fi
      foreign=$(printf '%s\\n' "$there" | grep -e "^-A $from " | grep -c -v -e ' -[jg] PAL-')
      mine=$(printf '%s\\n' "$done" | grep -c -x -e "$from")
      [ "$position" -le $((foreign + mine + 1)) ] || position=$((foreign + mine + 1))
      printf -- '-I %s %s %s\\n' "$from" "$position" "$rest"
      done=$(printf '%s\\n%s' "$done" "$from")
    done
  fi
  [ -z "$5" ] || printf '%s\\n' "$5"
  for chain in $found; do
    case "$blank$(printf '%s' "$3" | tr '\\n' ' ')$blank" in
    *"$blank$chain$blank"*) ;;
    *) printf -- '-X %s\\n' "$chain" ;;
    esac
  done
  echo COMMIT
}

# What was there, without jumps of chains that are gone since.
expected() { # own
  printf '%s\\n' "$1" | while read -r flag chain rest; do
    case "$flag $chain" in
    '-A PAL-'* | ':'*) ;;
    *) printf '%s\\n' "$there" | grep -q -e "^:$chain " || continue ;;
    esac
    [ -z "$flag" ] || printf '%s\\n' "$flag $chain\${rest:+ $rest}"
  done
}

revert() { # family table save restore chains policies jumps rules own
  there=$("$3" -t "$2" 2>/dev/null) || return 1
  error=$(text "$2" "$6" "$5" "$7" "$8" | "$4" --noflush -w 5 2>&1) || {
    (printf '%s\\n' "$error" >>"$folder/errors") 2>/dev/null
    return 1
  }
  there=$("$3" -t "$2" 2>/dev/null) || return 1
  [ "$(printf '%s\\n' "$there" | own)" = "$(expected "$9")" ]
}

# Whoever cannot say that he stands ready is not waited for, and may undo nothing later.
(printf '%s %s\\n' "$$" "$(field $$ 20)" >"$folder/armed.new" && mv "$folder/armed.new" "$folder/armed") 2>/dev/null || exit 1
waits=0
while :; do
  if [ -n "$undo" ]; then break; fi
  if [ -e "$folder/confirmed" ] && mv "$folder/confirmed" "$folder/disarmed" 2>/dev/null; then exit 0; fi
  if [ -e "$folder/committing" ]; then
    if ! alive; then break; fi
    if stopped; then waits=$((waits + 1)); else waits=0; fi
    if [ "$waits" -gt 50 ]; then break; fi
  else
    deadline=$(cat "$folder/deadline" 2>/dev/null)
    if [ -z "$deadline" ] || [ "$(now)" -ge "$deadline" ]; then break; fi
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
mark reverted
`;
