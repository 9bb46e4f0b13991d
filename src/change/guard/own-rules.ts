/**
 * Words of sh that the guard and the boot share: they read what palisade has in a table, and put it as it was.
 *
 * Whoever uses them defines `spot CHAIN MINE POSITION`, which prints where in a chain of `$there` a jump goes that stood at that position,
 * behind so many of palisade's own; and sets `blank` to one blank. What a tool says is left in `$error`.
 */
export const ownRules = `# What palisade has in a table, without counters, chain by chain: in which order chains stand says nothing.
# A comment of somebody else's may hold such words; what leads there ends the line.
own() {
  sed -n -e 's/ \\[[0-9]*:[0-9]*\\]$//' -e '/^:PAL-/p' -e '/^-A PAL-/{p;d;}' -e '/^-A .* -[jg] PAL-[^ "]*$/p' | sort -s -k 1,2
}

# Jumps of others' chains into palisade's, as they stand in a table.
jumps() { sed -n -e '/^-A PAL-/d' -e '/^-A .* -[jg] PAL-[^ "]*$/p'; }

# Whether another chain is there to jump from; a table that nobody has used yet is printed without its own.
has() {
  case $1 in
  PREROUTING | INPUT | FORWARD | OUTPUT | POSTROUTING) ;;
  *) printf '%s\\n' "$there" | grep -q -e "^:$1 " ;;
  esac
}

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
      if [ -z "$flag" ] || ! has "$from"; then continue; fi
      mine=$(printf '%s\\n' "$done" | grep -c -x -e "$from")
      printf -- '-I %s %s %s\\n' "$from" "$(spot "$from" "$mine" "$position")" "$rest"
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
    *) has "$chain" || continue ;;
    esac
    [ -z "$flag" ] || printf '%s\\n' "$flag $chain\${rest:+ $rest}"
  done
}

# Writes one table; all of it or nothing.
put() { # family table save restore chains policies jumps rules own
  there=$("$3" -t "$2" 2>/dev/null) || return 1
  error=$(text "$2" "$6" "$5" "$7" "$8" | "$4" --noflush -w 5 2>&1)
}

# Whether a table is so.
is() { # family table save restore chains policies jumps rules own
  there=$("$3" -t "$2" 2>/dev/null) || return 1
  [ "$(printf '%s\\n' "$there" | own)" = "$(expected "$9")" ]
}
`;

/** `field PID NUMBER`: when it says nothing, the process has ended. */
export const processField = `# Fields of /proc/PID/stat behind the program's name; of one that has ended and that nobody asked after, nothing.
field() { # pid number
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  number=$2
  # shellcheck disable=SC2086 # words
  set -- \${stat##*)}
  [ "$1" != Z ] || return 1
  eval "printf '%s' \\"\\\${$number}\\""
}
`;
