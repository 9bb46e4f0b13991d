import { ownRules, processField } from '../guard/own-rules.ts';

/**
 * What brings the last confirmed firewall back when the machine starts: POSIX sh and the tools of iptables, like the guard. It needs
 * neither Node nor palisade's own files: a disk that lacks them, or is slow, must not leave the machine open.
 *
 * `sh boot.sh sets|rules|docker|emergency|restore|rehearse STATE`. The first four are what units call: sets before anybody's rules ask them, own
 * chains behind whoever else restores rules, jumps from Docker's chain once Docker has made it, and the emergency rules where all else
 * failed. `restore` is for people: sets and rules, unless something of palisade's is there already. `rehearse` is for a throw-away namespace: all of it,
 * the emergency rules too.
 *
 * STATE/boot/current is a folder as {@link bootFiles} writes it. What is damaged is not loaded: then, or when the kernel refuses the
 * rules, the emergency rules are, of that family whose table `filter` is not as confirmed; those of the policy, or, where nothing can be
 * read, some that let in SSH from anywhere. The last line of standard output is one word for palisade, the rest is for people. It exits with
 * 0 when the firewall is as confirmed, 1 when something failed, 4 when nothing was changed. What happened stands in STATE/words.
 */
export const bootScript = `#!/bin/sh
# Made by palisade; see man palisade-boot-restore.
what=$1 state=$2
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 077
blank=' '
now=$state/boot/current
# It was confirmed when the machine went down, and not yet kept.
if [ -e "$state/pending/disarmed" ] && [ -e "$state/boot/next/sums" ]; then now=$state/boot/next; fi

# Why what the folder says is not believed: whoever could write there would be root by it.
strange=''
for place in "$state" "$state/boot"; do
  # shellcheck disable=SC2046 # words
  set -- $(ls -ldn -- "$place" 2>/dev/null)
  case $1 in
  '') strange="there is no $place" ;;
  d????-??-*) [ "$3" = "$(id -u)" ] || strange="$place belongs to somebody else" ;;
  *) strange="others may write in $place" ;;
  esac
  if [ -n "$strange" ]; then break; fi
done

say() { printf 'palisade: %s\\n' "$*" >&2; }

# A word for the journal, which palisade takes over when it runs.
word() { if [ -z "$strange" ]; then (printf '%s boot %s\\n' "$(date +%s)" "$*" >>"$state/words") 2>/dev/null; fi; }

alarm() {
  say "$*"
  word "$*"
  if [ "$(readlink /proc/self/ns/net)" = "$(readlink /proc/1/ns/net)" ]; then (printf '<2>palisade: %s\\n' "$*" >>/dev/kmsg) 2>/dev/null; fi
}

${processField}
# Whether the process that a file names is still there: of this start, where it says of which.
lives() { # a file that says it, or a link that does
  said=$(readlink "$1" 2>/dev/null || cat "$1" 2>/dev/null)
  pid=\${said%% *} began=\${said#* }
  start=\${began#* } began=\${began%% *}
  [ "$start" != "$began" ] || start=''
  [ -n "$pid" ] && [ "$(field "$pid" 20)" = "$began" ] && [ "\${start:-$thisStart}" = "$thisStart" ]
}
thisStart=$(cat /proc/sys/kernel/random/boot_id)/$(field 1 20)

${ownRules}
# Behind rules that only take away, those who ban, and what is open for a while; before all others.
spot() { # chain mine position
  others=$(printf '%s\\n' "$there" | grep -e "^-A $1 " | grep -v -e ' -[jg] PAL-[^ "]*$' | sed -E 's/"([^"\\\\]|\\\\.)*"/""/g')
  ban='(f2b|fail2ban)-[^ ]*|CROWDSEC[^ ]*|sshguard|PALISADE-OPEN|PALISADE-BAN|PALISADE-SHUT'
  first=$(printf '%s\\n' "$others" | grep -n -v -E -e " -[jg] (DROP|REJECT|LOG|NFLOG|$ban)( |\\$)" | head -n 1)
  first=\${first%%:*}
  [ -n "$first" ] || first=$(($(printf '%s\\n' "$others" | grep -c .) + 1))
  printf '%s' $((first + $2))
}

only=''
# Calls a function with each table of a folder; of one family where $only says so.
every() { # function folder
  result=0
  while read -r family table save restore <&3; do
    if [ -n "$only" ] && [ "$only" != "$family" ]; then continue; fi
    # A machine that starts without IPv6 needs no rules for it.
    if [ "$family" = 6 ] && [ ! -e /proc/sys/net/ipv6 ]; then continue; fi
    at=$2/$family.$table
    "$1" "$family" "$table" "$save" "$restore" "$(cat "$at.chains")" "$(cat "$at.policies")" "$(cat "$at.jumps")" \\
      "$(cat "$at.rules")" "$(cat "$at.own")" || result=1
  done 3<"$2/tables"
  return "$result"
}

# Whether a table is so, with the policies of built-in chains.
isWhole() {
  is "$@" && printf '%s\\n' "$6" | while read -r chain policy rest; do
    if [ -n "$chain" ] && ! printf '%s\\n' "$there" | grep -q -e "^$chain $policy "; then exit 1; fi
  done
}

refused=''
# Writes a table that is not so already.
restored() {
  if isWhole "$@"; then return 0; fi
  put "$@" && return 0
  refused=$(printf '%s of IPv%s: %s' "$2" "$1" "$(printf '%s\\n' "$error" | head -n 1)")
  return 1
}

isFilter() { [ "$2" != filter ] || isWhole "$@"; }

# The names of palisade's chains in a table.
held() { "$3" -t "$2" 2>/dev/null | sed -n 's/^:\\(PAL-[^ ]*\\) .*/\\1/p'; }
isFree() { [ -z "$(held "$@")" ]; }
isCalm() { ! held "$@" | grep -q -x PAL-EMERGENCY; }

# What was confirmed can be read, is ours alone, and is what was written.
why=''
trusted() {
  why=$strange
  if [ -n "$why" ]; then return 1; fi
  if [ ! -e "$now/sums" ]; then
    why="$now is missing"
    return 1
  fi
  (cd "$now/" && sha256sum -c sums >/dev/null 2>&1) && return 0
  why="files in $now are damaged"
  return 1
}

loadSets() {
  [ -s "$now/sets" ] || return 0
  error=$(ipset -exist restore <"$now/sets" 2>&1) && return 0
  # A set that is filled half lets in or keeps out whom it should not.
  for name in $(sed -n 's/^create \\([^ ]*\\) .*/\\1/p' "$now/sets"); do ipset destroy "$name" 2>/dev/null; done
  error=$(printf '%s\\n' "$error" | head -n 1)
  return 1
}

loadRules() {
  turns=3
  while ! every restored "$now"; do
    turns=$((turns - 1))
    if [ "$turns" = 0 ]; then return 1; fi
    sleep 1
    loadSets
  done
  every is "$now" || say 'the kernel prints the rules in other words than when they were confirmed'
}

# Rules for when no others can be had. The host answers itself, replies come in, IPv4 and IPv6 work, and SSH is let in.
plain() { # family connections
  said=$(cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null | sed -e 's/#.*//' -e 's/[[:space:]"]*$//')
  ports=$(printf '%s\\n' "$said" | sed -n 's/^[[:space:]]*[Pp][Oo][Rr][Tt][[:space:]="]*\\([0-9]\\{1,5\\}\\)$/\\1/p' | sort -u)
  # Addresses with a port of their own, and the ports of a socket by which systemd starts the server.
  more=$(
    listens='^[[:space:]]*[Ll][Ii][Ss][Tt][Ee][Nn][Aa][Dd][Dd][Rr][Ee][Ss][Ss][[:space:]="]*'
    printf '%s\\n' "$said" | sed -n -e "s/$listens[^]:[]*:\\([0-9]\\{1,5\\}\\)$/\\1/p" -e "s/$listens\\[[^]]*\\]:\\([0-9]\\{1,5\\}\\)$/\\1/p"
    cat /etc/systemd/system/ssh.socket /etc/systemd/system/ssh.socket.d/*.conf /etc/systemd/system/sshd.socket.d/*.conf \\
      /run/systemd/generator/ssh.socket.d/*.conf 2>/dev/null | sed -n -e 's/^ListenStream=\\([0-9]\\{1,5\\}\\)$/\\1/p' -e 's/^ListenStream=.*[]0-9]:\\([0-9]\\{1,5\\}\\)$/\\1/p' | sort -u
  )
  printf -- '-A PAL-IN -i lo -j ACCEPT\\n'
  if [ "$2" = tracked ]; then
    printf -- '-A PAL-IN -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\\n'
  else
    printf -- '-A PAL-IN -p tcp ! --syn -j ACCEPT\\n-A PAL-IN -p udp --sport 53 -j ACCEPT\\n'
  fi
  if [ "$1" = 4 ]; then
    for type in 0 3 8 11 12; do printf -- '-A PAL-IN -p icmp --icmp-type %s -j ACCEPT\\n' "$type"; done
    printf -- '-A PAL-IN -p udp --sport 67 --dport 68 -j ACCEPT\\n'
  else
    printf -- '-A PAL-IN -p ipv6-icmp -j ACCEPT\\n-A PAL-IN -s fe80::/10 -p udp --sport 547 --dport 546 -j ACCEPT\\n'
  fi
  for port in \${ports:-22} $more; do printf -- '-A PAL-IN -p tcp --dport %s -j ACCEPT\\n' "$port"; done
  printf -- '-A PAL-IN -j DROP\\n-A PAL-OUT -o lo -j ACCEPT\\n'
  if [ "$2" = tracked ]; then
    printf -- '-A PAL-OUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\\n'
  else
    printf -- '-A PAL-OUT -p tcp ! --syn -j ACCEPT\\n'
  fi
}

putPlain() { # family save restore connections
  put "$1" filter "$2" "$3" 'PAL-EMERGENCY
PAL-IN
PAL-OUT' ':INPUT DROP [0:0]
:FORWARD DROP [0:0]' '1 -A INPUT -j PAL-IN
1 -A OUTPUT -j PAL-OUT' "$(plain "$1" "$4")" ''
}

# Of each family that is not as confirmed.
emergency() {
  missed=0
  readable=0
  if trusted; then readable=1; fi
  kept=0
  if [ -z "$strange" ] && (cd "$now/emergency/" && sha256sum -c sums) >/dev/null 2>&1; then kept=1; fi
  for only in 4 6; do
    if [ "$readable" = 1 ] && every isFilter "$now"; then continue; fi
    name=iptables
    if [ "$only" = 6 ]; then name=ip6tables; fi
    if [ "$only" = 6 ] && [ ! -e /proc/sys/net/ipv6 ]; then continue; fi
    if [ "$kept" = 1 ] && every put "$now/emergency"; then
      alarm "IPv$only has emergency rules: who manages this host comes in, and nobody else; run palisade apply"
      continue
    fi
    done=0
    for backend in "-$(sed -n "s/^$only filter [^ ]*tables-\\([a-z]*\\)-save .*/\\1/p" "$now/tables" 2>/dev/null)" '' -nft -legacy; do
      command -v "$name$backend-restore" >/dev/null || continue
      for tracking in tracked untracked; do
        if putPlain "$only" "$name$backend-save" "$name$backend-restore" "$tracking"; then done=1 && break 2; fi
      done
    done
    if [ "$done" = 1 ]; then
      alarm "IPv$only has the plainest emergency rules: SSH comes in from anywhere, and nothing else; run palisade apply"
    else
      alarm "IPv$only HAS NO FIREWALL: not even emergency rules could be loaded: $error"
      missed=1
    fi
  done
  only=''
  return "$missed"
}

# A change that waited when the machine went down is gone with it.
settle() {
  if [ -n "$strange" ] || [ ! -e "$state/pending/place" ] || [ -e "$state/pending/disarmed" ]; then return; fi
  read -r place rest <"$state/pending/place"
  if [ "$place" = "$thisStart" ]; then return; fi
  rm -rf "$state/pending" "$state/pending.json" "$state/boot/next"
  say 'a change that nobody had confirmed ended with the machine'
  word 'a change that nobody had confirmed ended with the machine'
}

busy() { lives "$state/pending/armed" || lives "$state/changing"; }

# It was confirmed for this machine, and not for a network namespace on it.
isHost() { [ "$(cat "$now/where" 2>/dev/null)" = host ]; }

end() { # status word
  printf '%s\\n' "$2"
  exit "$1"
}

rules() {
  if ! trusted; then
    alarm "the confirmed firewall cannot be restored: $why"
  elif loadRules; then
    word 'the confirmed firewall is restored'
    end 0 restored
  else
    alarm "the confirmed firewall was refused: $refused"
  fi
  emergency || end 1 failed
  end 1 emergency
}

# Gives Docker's chain the jump that it lacks, and has ours come first again where Docker put its own before them; touches nothing else.
attach() { # family table save restore chains policies jumps rules own
  there=$("$3" -t "$2" 2>/dev/null) || return 1
  lines=$(printf '%s\\n' "$7" | while read -r position flag from rest; do
    case $from in
    '') ;;
    PREROUTING | INPUT | FORWARD | OUTPUT | POSTROUTING) ahead "$from" ;;
    *)
      has "$from" || exit 1
      printf '%s\\n' "$there" | grep -q -x -F -e "-A $from $rest" || printf -- '-I %s %s %s\\n' "$from" "$(spot "$from" 0 1)" "$rest"
      ;;
    esac
  done) || return 1
  [ -n "$lines" ] || return 0
  say "Docker's chains and palisade's stand as they did when they were confirmed"
  error=$(printf '*%s\\n%s\\nCOMMIT\\n' "$2" "$lines" | "$4" --noflush -w 5 2>&1) && return 0
  say "the way from Docker's chain to palisade's is not there: $(printf '%s\\n' "$error" | head -n 1)"
  return 1
}

# What moves palisade's jumps of a chain before others' rules again, where they are behind.
ahead() { # chain
  [ "$1" != "\${seen:-}" ] || return 0
  seen=$1
  mine=$(printf '%s\\n' "$there" | jumps | grep -e "^-A $1 ")
  first=$(printf '%s\\n' "$there" | grep -e "^-A $1 " | grep -n -e ' -[jg] PAL-[^ "]*$' | head -n 1)
  wanted=$(spot "$1" 0 1)
  if [ -z "$mine" ] || [ "\${first%%:*}" -le "$wanted" ]; then return 0; fi
  printf '%s\\n' "$mine" | sed 's/^-A /-D /'
  printf '%s\\n' "$mine" | while read -r flag from rest; do
    printf -- '-I %s %s %s\\n' "$from" "$wanted" "$rest"
    wanted=$((wanted + 1))
  done
}

case $what in
sets)
  settle
  # Nobody confirmed anything for this machine; or somebody is at work.
  if busy || { trusted && ! isHost; }; then end 0 nothing; fi
  trusted || {
    alarm "the confirmed sets cannot be loaded: $why"
    end 1 failed
  }
  loadSets || {
    alarm "the confirmed sets cannot be loaded: $error"
    end 1 failed
  }
  end 0 restored
  ;;
rules)
  settle
  if busy || { trusted && ! isHost; }; then end 0 nothing; fi
  rules
  ;;
emergency)
  if busy || { trusted && ! isHost; }; then end 0 nothing; fi
  emergency || end 1 failed
  end 0 emergency
  ;;
docker)
  if ! trusted || ! isHost; then end 0 nothing; fi
  turns=10
  while ! every attach "$now"; do
    turns=$((turns - 1))
    if [ "$turns" = 0 ]; then end 1 failed; fi
    sleep 1
  done
  end 0 restored
  ;;
restore)
  settle
  if [ ! -e "$now/sums" ]; then end 4 nothing; fi
  if busy; then end 4 waits; fi
  if trusted && every isCalm "$now" && ! every isFree "$now"; then
    every isWhole "$now" && end 0 there
    end 4 differs
  fi
  if trusted && ! loadSets; then alarm "the confirmed sets cannot be loaded: $error"; fi
  rules
  ;;
rehearse)
  if [ "$(readlink /proc/self/ns/net)" = "$(readlink /proc/1/ns/net)" ]; then end 4 nothing; fi
  trusted || { say "$why" && end 1 failed; }
  loadSets || { say "$error" && end 1 failed; }
  every restored "$now" || { say "$refused" && end 1 failed; }
  if [ -e "$now/emergency/sums" ]; then every put "$now/emergency" || { say "emergency rules: $error" && end 1 failed; }; fi
  end 0 restored
  ;;
*)
  say 'usage: sh boot.sh sets|rules|docker|emergency|restore|rehearse STATE'
  exit 2
  ;;
esac
`;
