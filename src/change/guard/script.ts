/**
 * What undoes a change that nobody confirms: POSIX sh and the tools of iptables, nothing of palisade's, so that it outlives it.
 *
 * Its folder holds what it needs: `deadline` (seconds of /proc/uptime), `owner` (process id and start time of who makes the change),
 * `committing` (there while the rules are being changed), and of each family and table `F.TABLE.chains`, `.rules`, `.jumps`,
 * `.policies` and `.own`: what stood there before. It reverts at the deadline, or at once if whoever made the change died in
 * the middle of it; it ends when `confirmed` appears, and says so by `disarmed`. It takes away whatever chains and jumps of palisade's it finds, so that it need not
 * know how far the change came, and tries again until what it reads is what stood there before. It writes to no disk but its marks.
 */
export const guardScript = `#!/bin/sh
cd "$1" || exit 1
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
trap '' HUP INT TERM
blank=' '

now() { read -r up rest </proc/uptime; printf '%s' "\${up%.*}"; }

# Whether who makes the change is still there: the same process, not another that got its number.
alive() {
  read -r pid began <owner || return 1
  read -r stat <"/proc/$pid/stat" || return 1
  # shellcheck disable=SC2086 # fields of /proc/PID/stat behind the program's name
  set -- \${stat##*)}
  # One that has ended and that nobody has asked after is no longer there.
  [ "$1" != Z ] && [ "\${20}" = "$began" ]
}

# What palisade has in a table, without counters, chain by chain: in which order chains stand says nothing.
own() { sed -n -e 's/ \\[[0-9]*:[0-9]*\\]$//' -e '/^:PAL-/p' -e '/^-A PAL-/{p;d;}' -e '/^-A .* -j PAL-/p' | sort -s -k 1,2; }

revert() { # family table save restore
  there=$("$3" -t "$2") || return 1
  old=" $(tr '\\n' ' ' <"$1.$2.chains")"
  chains=$(printf '%s\\n' "$there" | sed -n 's/^:\\(PAL-[^ ]*\\) .*/\\1/p')
  {
    printf '*%s\\n' "$2"
    cat "$1.$2.policies"
    for chain in $chains $old; do printf ':%s - [0:0]\\n' "$chain"; done | sort -u
    printf '%s\\n' "$there" | sed -n -e '/^-A PAL-/d' -e 's/^-A \\([^ ]*\\) -j \\(PAL-[^ ]*\\)$/-D \\1 -j \\2/p'
    while read -r from to position; do
      # Others may have taken rules away meanwhile.
      most=$(printf '%s\\n' "$there" | grep -e "^-A $from " | grep -c -v -e ' -j PAL-')
      [ "$position" -le $((most + 1)) ] || position=$((most + 1))
      printf -- '-I %s %s -j %s\\n' "$from" "$position" "$to"
    done <"$1.$2.jumps"
    cat "$1.$2.rules"
    for chain in $chains; do
      case "$old" in
      *"$blank$chain$blank"*) ;;
      *) printf -- '-X %s\\n' "$chain" ;;
      esac
    done
    echo COMMIT
  } | "$4" --noflush -w 5 || return 1
  [ "$("$3" -t "$2" | own)" = "$(cat "$1.$2.own")" ]
}

# Who this is, so that nobody takes another process for it.
mine() {
  read -r stat <"/proc/$$/stat" || return 1
  # shellcheck disable=SC2086 # as above
  set -- \${stat##*)}
  printf '%s %s\\n' "$$" "\${20}"
}

mine >armed.new && mv armed.new armed
while :; do
  if [ -e confirmed ]; then
    : >disarmed
    exit 0
  fi
  if [ "$(now)" -ge "$(cat deadline)" ]; then break; fi
  if [ -e committing ] && ! alive; then break; fi
  sleep 0.2 2>/dev/null || sleep 1
done

: >reverting
while :; do
  failed=0
  while read -r family table save restore; do
    revert "$family" "$table" "$save" "$restore" 2>>errors || failed=1
  done <tables
  if [ "$failed" = 0 ]; then break; fi
  sleep 1
done
: >reverted
`;
