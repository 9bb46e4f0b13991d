/**
 * Words of sh that make a host as a folder of {@link stateFiles} says: POSIX sh and the tools of iptables and ipset. Both directions use
 * them: who restores, from `new/`, and the guard, from `old/`, at whatever moment the other was cut off.
 *
 * `load FOLDER` reads all of it before anything is written. `makeSo all|differing` makes the host so, in one turn, and says whether it is:
 * `all` writes every table, for its counters, `differing` only what is otherwise. What stood in the way is in `$error`; `$only` names a file
 * without which nothing is written any more, and is empty for whoever may always.
 *
 * Rules that ask a set whose content changes never meet a third state: (1) sets that are new come first, and those that change are made
 * a second time under stand-in names; (2) rules that ask the stand-ins are written, table by table; (3) the real sets, which nobody asks
 * now, are exchanged; (4) the same rules are written, asking the real names; (5) stand-ins go. A set of its name is always whole: each is
 * filled under another, and then takes its name. In `movesN` and `setsN`: 1 new sets, 2 new lists of sets, 3 sets that change, 4 lists.
 */
export const restoreWords = `nl='
'
load() { # folder
  to_tables=$(cat "$1/tables") && to_made=$(cat "$1/made") && to_standing=$(cat "$1/standing") || return 1
  to_sets1=$(cat "$1/sets1") && to_sets2=$(cat "$1/sets2") && to_sets3=$(cat "$1/sets3") && to_sets4=$(cat "$1/sets4") || return 1
  to_moves1=$(cat "$1/moves1") && to_moves2=$(cat "$1/moves2") && to_moves3=$(cat "$1/moves3") && to_moves4=$(cat "$1/moves4") || return 1
  to_must=$(cat "$1/must") && to_may=$(cat "$1/may") && to_names=$(cat "$1/names") && to_still=$(cat "$1/still") || return 1
  to_leaving=$(cat "$1/leaving") && to_lists=$(cat "$1/lists") && to_others=$(cat "$1/others") && to_recent=$(cat "$1/recent") || return 1
  from=$1
  each loadTable
}

loadTable() { # backend family table fate
  said=$(cat "$from/$1.$2.$3.rules") || return 1
  eval "rules_$1_$2_$3=\\$said"
  said=$(cat "$from/$1.$2.$3.first" 2>/dev/null)
  eval "first_$1_$2_$3=\\$said"
}

# Calls a function with each table, in the order in which they are written, until one says no.
each() { # function
  act=$1
  # shellcheck disable=SC2086 # words
  set -- $to_tables
  while [ "$#" -gt 0 ]; do
    "$act" "$1" "$2" "$3" "$4" || return 1
    shift 4
  done
}

tool() { # backend family
  if [ "$2" = 4 ]; then printf 'iptables-%s' "$1"; else printf 'ip6tables-%s' "$1"; fi
}

# Whether whoever was told to write still may.
may() {
  if [ -z "$only" ] || [ -e "$only" ]; then return 0; fi
  error='somebody undoes it'
  return 1
}

# All rules as they stand, without -t, by which the tools would make the table that they look for.
readRules() {
  seen=' '
  each readFamily || return 1
}
readFamily() { # backend family
  case $seen in *" $1$2 "*) return 0 ;; esac
  seen="$seen$1$2 "
  said=$("$(tool "$1" "$2")-save" 2>/dev/null) || {
    error="$(tool "$1" "$2")-save cannot read the rules"
    return 1
  }
  eval "there_$1_$2=\\$said"
}

# Rules without what they have counted.
uncounted() { sed -e '/^#/d' -e 's/^\\[[0-9]*:[0-9]*\\] //' -e 's/^\\(:[^ ]* [^ ]*\\) \\[[0-9]*:[0-9]*\\]$/\\1/'; }

# Whether a table that was read is so. One that is all open is as good as none.
isTable() { # backend family table
  eval "said=\\$there_$1_$2 wanted=\\$rules_$1_$2_$3"
  said=$(printf '%s\\n' "$said" | sed -n "/^\\\\*$3\\$/,/^COMMIT\\$/p" | uncounted)
  wanted=$(printf '%s\\n' "$wanted" | uncounted)
  if [ "$said" = "$wanted" ]; then return 0; fi
  error="the table $3 of IPv$2 ($1) is not as it was written"
  ! printf '%s\\n' "$said" "$wanted" | grep -q -v -e '^$' -e '^\\*' -e '^COMMIT$' -e '^:[^ ]* ACCEPT$'
}

writeTable() { # backend family table text
  may || return 1
  wrote=1
  said=$(printf '%s\\n' "$4" | "$(tool "$1" "$2")-restore" -c -w 5 2>&1) && return 0
  error="$(tool "$1" "$2")-restore did not take the table $3: \${said%%"$nl"*}"
  return 1
}

# (2): every table asks stand-ins, where it asks a set that changes.
writeFirst() { # backend family table
  eval "said=\\$first_$1_$2_$3 wanted=\\$rules_$1_$2_$3"
  if [ -n "$said" ] && [ -n "$changes" ]; then
    writeTable "$1" "$2" "$3" "$said"
  elif [ "$how" = all ] || ! isTable "$1" "$2" "$3"; then
    eval "wanted=\\$rules_$1_$2_$3"
    writeTable "$1" "$2" "$3" "$wanted"
  fi
}
# (4)
writeLast() { # backend family table
  eval "said=\\$first_$1_$2_$3 wanted=\\$rules_$1_$2_$3"
  [ -z "$said" ] || writeTable "$1" "$2" "$3" "$wanted"
}

# A legacy table of a name that the kernel has none of yet comes first in its list: they are made from the last one on.
makeTables() {
  printf '%s\\n' "$to_made" | while read -r family table; do
    file=/proc/net/ip_tables_names
    if [ "$family" = 6 ]; then file=/proc/net/ip6_tables_names; fi
    if [ -z "$table" ] || grep -q -x -e "$table" "$file" 2>/dev/null; then continue; fi
    printf '*%s\\nCOMMIT\\n' "$table" | "$(tool legacy "$family")-restore" --noflush -w 5 2>/dev/null
  done
}

# Tables of nft that are to be gone. They are empty now: but only what iptables has made in them may go.
dropTable() { # backend family table fate
  if [ "$1 $4" != 'nft gone' ] || ! command -v nft >/dev/null; then return 0; fi
  word=ip
  if [ "$2" = 6 ]; then word=ip6; fi
  said=$(nft list table "$word" "$3" 2>/dev/null) || return 0
  printf '%s\\n' "$said" | grep -q -v -E -e '^#' -e '^$' -e '^table ' -e '^[[:space:]]*[}]$' \\
    -e '^[[:space:]]*chain (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) [{]$' \\
    -e '^[[:space:]]*type [a-z]+ hook [a-z]+ priority [^;]+; policy accept;$' && return 0
  may || return 1
  nft delete table "$word" "$3" 2>/dev/null
  return 0
}

# Lines of sets without what the kernel changes by itself.
untimed() {
  sed -e '/^$/d' -e '/^create /s/ initval [^ ]*//' -e '/^create /s/ hashsize [^ ]*//' -e '/^create /s/ bucketsize [^ ]*//' \\
    -e '/^add /s/ timeout [0-9][0-9]*//g' -e '/^add /s/ packets [0-9][0-9]*//g' -e '/^add /s/ bytes [0-9][0-9]*//g'
}

# Whether sets of these names are as they are to be, and none of them is there that is to be gone.
areSets() { # names
  case $1 in *[!"$nl"]*) ;; *) return 0 ;; esac
  said=$(ipset save 2>/dev/null) || {
    error='ipset cannot read the sets'
    return 1
  }
  said=$(printf '%s\\n' "$said" | untimed)
  # What must be there stands there alone only where it is not: all that is there stands there twice. And the other way round.
  wanted=$(
    {
      printf '%s\\n' "$to_must" "$said" "$said" | sed '/^$/d' | sort | uniq -u
      printf '%s\\n' "$said" "$to_must" "$to_must" "$to_may" "$to_may" | sed '/^$/d' | sort | uniq -u
    } | cut -d ' ' -f 2 | sort -u
  )
  wanted=$(printf '%s\\n' "$wanted" "$1" | sed '/^$/d' | sort | uniq -d)
  error="the set \${wanted%%"$nl"*} is not as it was made"
  [ -z "$wanted" ]
}

# Has ipset read lines; those that it has read when it stops stay.
tell() { # lines
  [ -n "$1" ] || return 0
  may || return 1
  said=$(printf '%s\\n' "$1" | ipset -exist restore 2>&1) && return 0
  error="ipset: \${said%%"$nl"*}"
  return 1
}

setNames() { names=$nl$(ipset list -n 2>/dev/null)$nl; }

# Fills sets under other names, and gives them their own.
exchange() { # lines moves
  [ -n "$2" ] || return 0
  setNames
  tell "$(printf '%s\\n' "$2" | while read -r temporary name; do
    case $names in *"$nl$temporary$nl"*) printf 'destroy %s\\n' "$temporary" ;; esac
  done)" || return 1
  tell "$1" || return 1
  tell "$(printf '%s\\n' "$2" | while read -r temporary name; do
    case $names in
    *"$nl$name$nl"*) printf 'swap %s %s\\ndestroy %s\\n' "$temporary" "$name" "$temporary" ;;
    *) printf 'rename %s %s\\n' "$temporary" "$name" ;;
    esac
  done)" && return 0
  may || return 1
  said=$(printf '%s\\n' "$2" | while read -r temporary name; do
    move "$temporary" "$name" || {
      printf '%s\\n' "$error"
      break
    }
  done)
  error=$said
  [ -z "$error" ]
}

# One of which the kernel did not take that it changes places: its type is another. It goes first, and lists that hold it let go of it.
move() { # temporary name
  setNames
  case $names in *"$nl$1$nl"*) ;; *) return 0 ;; esac
  case $names in
  *"$nl$2$nl"*)
    if ipset swap "$1" "$2" 2>/dev/null; then
      destroy "$1"
      return
    fi
    printf '%s\\n' "$to_lists" | while read -r list; do
      if [ -n "$list" ]; then ipset flush "$list" 2>/dev/null; fi
    done
    destroy "$2" || return 1
    ;;
  esac
  error=$(ipset rename "$1" "$2" 2>&1)
}

# nft lets go of what its rules asked a moment after they are gone.
destroy() { # name
  turns=20
  until said=$(ipset destroy "$1" 2>&1); do
    setNames
    case $names in *"$nl$1$nl"*) ;; *) return 0 ;; esac
    turns=$((turns - 1))
    if [ "$turns" = 0 ]; then
      error="the set $1 cannot be taken away: \${said%%"$nl"*}"
      return 1
    fi
    sleep 0.1 2>/dev/null || sleep 1
  done
}

destroyAll() { # names
  [ -n "$1" ] || return 0
  setNames
  tell "$(printf '%s\\n' "$1" | while read -r name; do
    case $names in *"$nl$name$nl"*) [ -z "$name" ] || printf 'destroy %s\\n' "$name" ;; esac
  done)" && return 0
  may || return 1
  said=$(printf '%s\\n' "$1" | while read -r name; do
    if [ -n "$name" ]; then destroy "$name" || printf '%s\\n' "$error"; fi
  done)
  error=\${said%%"$nl"*}
  [ -z "$error" ]
}

# Addresses that a list of the match recent has too many go, and those that it lacks come, as if seen now. The others stay as they are.
putLists() {
  printf '%s\\n' "$to_recent" | cut -d ' ' -f 1 | sort -u | while read -r list; do
    file=/proc/net/xt_recent/$list
    if [ -z "$list" ] || [ ! -f "$file" ]; then continue; fi
    wanted=$(printf '%s\\n' "$to_recent" | while read -r name address; do
      if [ "$name" = "$list" ] && [ -n "$address" ]; then printf '%s\\n' "$address"; fi
    done)
    said=$(sed -n 's/^src=\\([^ ]*\\) .*/\\1/p' "$file")
    {
      printf '%s\\n' "$said" "$wanted" "$wanted" | sed '/^$/d' | sort | uniq -u | sed 's/^/-/'
      printf '%s\\n' "$wanted" | while read -r address; do
        case $nl$said$nl in *"$nl$address$nl"*) ;; *) [ -z "$address" ] || printf '+%s\\n' "$address" ;; esac
      done
    } | while read -r line; do
      (printf '%s\\n' "$line" >"$file") 2>/dev/null
    done
  done
}

makeSo() { # all or differing
  how=$1 wrote='' changes=''
  readRules || return 1
  if [ "$how" = all ] || ! areSets "$to_names"; then changes=1; fi
  makeTables
  if [ -n "$changes" ]; then
    exchange "$to_sets1" "$to_moves1" && exchange "$to_sets2" "$to_moves2" && tell "$to_standing" || return 1
  fi
  each writeFirst || return 1
  if [ -n "$changes" ]; then
    exchange "$to_sets3" "$to_moves3" && exchange "$to_sets4" "$to_moves4" && each writeLast || return 1
  fi
  if [ -n "$wrote" ]; then putLists; fi
  destroyAll "$to_others"
  destroyAll "$to_leaving" || return 1
  each dropTable || return 1
  wrote=all
  error=''
  readRules && each isTable && areSets "$to_still$nl$to_leaving" || return 1
  error=''
}
`;

/** Makes this host as a folder says: `sh restore.sh FOLDER [FILE]`, which writes only while FILE is there. What it cannot do, it says. */
export const restoreScript = `#!/bin/sh
folder=$1 only=$2
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
error=''
${restoreWords}
load "$folder" || {
  echo 'the state is not whole' >&2
  exit 1
}
mode=all
left=5
until makeSo "$mode"; do
  left=$((left - 1))
  if [ "$left" = 0 ] || ! may; then
    printf '%s\\n' "$error" >&2
    exit 1
  fi
  # All of it is written: others may have been faster with one table.
  if [ "$wrote" = all ]; then mode=differing; fi
  sleep 0.2 2>/dev/null || sleep 1
done
`;
