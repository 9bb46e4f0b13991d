# bash completion for palisade. Written by npm run docs from the verbs. Do not edit.

_palisade() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' flags='' words='' at
  # Bash breaks --flag=value at the equals sign.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
    --config | --state | --policy | --backend) ((at++)); [[ ${COMP_WORDS[at]} == = ]] && ((at++)) ;;
    -*) ;;
    status | up | show | audit | trace | reach | connections | diff | updates | init | adopt | plan | test | apply | confirm | rollback | uninstall | open | close | simulate | ban | unban | bans | explain-ban | backup | watch | events | top | incidents | alerts | drift | change | journal | boot-restore | check | state | integrate) verb=${COMP_WORDS[at]}; break ;;
    esac
  done
  COMPREPLY=()
  case $verb:$prev in
  status:--ruleset) _palisade_path -f "$cur"; return ;;
  status:--sets) _palisade_path -f "$cur"; return ;;
  status:--facts) _palisade_path -f "$cur"; return ;;
  status:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  up:--port) :; return ;;
  up:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  show:--ruleset) _palisade_path -f "$cur"; return ;;
  show:--sets) _palisade_path -f "$cur"; return ;;
  show:--facts) _palisade_path -f "$cur"; return ;;
  show:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  show:--script) _palisade_path -f "$cur"; return ;;
  show:--table) :; return ;;
  audit:--ruleset) _palisade_path -f "$cur"; return ;;
  audit:--sets) _palisade_path -f "$cur"; return ;;
  audit:--facts) _palisade_path -f "$cur"; return ;;
  audit:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  audit:--script) _palisade_path -f "$cur"; return ;;
  audit:--peer) :; return ;;
  audit:--fail-on) mapfile -t COMPREPLY < <(compgen -W 'critical high medium low info' -- "$cur"); return ;;
  audit:--format) mapfile -t COMPREPLY < <(compgen -W 'text json sarif junit html markdown csv' -- "$cur"); return ;;
  audit:--output) _palisade_path -f "$cur"; return ;;
  audit:--profile) mapfile -t COMPREPLY < <(compgen -W 'default cis pci stig container-host router' -- "$cur"); return ;;
  audit:--accepted) _palisade_path -f "$cur"; return ;;
  trace:--ruleset) _palisade_path -f "$cur"; return ;;
  trace:--sets) _palisade_path -f "$cur"; return ;;
  trace:--facts) _palisade_path -f "$cur"; return ;;
  trace:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  trace:--packets) _palisade_path -f "$cur"; return ;;
  trace:--hook) mapfile -t COMPREPLY < <(compgen -W 'input forward output' -- "$cur"); return ;;
  trace:--src) :; return ;;
  trace:--dst) :; return ;;
  trace:--proto) :; return ;;
  trace:--sport) :; return ;;
  trace:--dport) :; return ;;
  trace:--in) :; return ;;
  trace:--out) :; return ;;
  trace:--icmp-type) :; return ;;
  trace:--icmp-code) :; return ;;
  trace:--flags) :; return ;;
  trace:--state) mapfile -t COMPREPLY < <(compgen -W 'INVALID ESTABLISHED RELATED NEW UNTRACKED' -- "$cur"); return ;;
  trace:--mark) :; return ;;
  trace:--length) :; return ;;
  trace:--ttl) :; return ;;
  trace:--mac) :; return ;;
  trace:--tos) :; return ;;
  trace:--pkt-type) mapfile -t COMPREPLY < <(compgen -W 'unicast broadcast multicast' -- "$cur"); return ;;
  trace:--uid) :; return ;;
  trace:--gid) :; return ;;
  reach:--ruleset) _palisade_path -f "$cur"; return ;;
  reach:--sets) _palisade_path -f "$cur"; return ;;
  reach:--facts) _palisade_path -f "$cur"; return ;;
  reach:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  connections:--ruleset) _palisade_path -f "$cur"; return ;;
  connections:--sets) _palisade_path -f "$cur"; return ;;
  connections:--facts) _palisade_path -f "$cur"; return ;;
  connections:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  diff:--sets) _palisade_path -f "$cur"; return ;;
  diff:--sets-after) _palisade_path -f "$cur"; return ;;
  diff:--facts) _palisade_path -f "$cur"; return ;;
  diff:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  diff:--most) :; return ;;
  updates:--ruleset) _palisade_path -f "$cur"; return ;;
  updates:--sets) _palisade_path -f "$cur"; return ;;
  updates:--facts) _palisade_path -f "$cur"; return ;;
  updates:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  init:--internet) :; return ;;
  init:--admins) :; return ;;
  init:--allow) :; return ;;
  init:--admins-only) :; return ;;
  init:--forward) :; return ;;
  init:--ruleset) _palisade_path -f "$cur"; return ;;
  init:--sets) _palisade_path -f "$cur"; return ;;
  init:--facts) _palisade_path -f "$cur"; return ;;
  init:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  adopt:--ruleset) _palisade_path -f "$cur"; return ;;
  adopt:--sets) _palisade_path -f "$cur"; return ;;
  adopt:--facts) _palisade_path -f "$cur"; return ;;
  adopt:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  adopt:--output) _palisade_path -f "$cur"; return ;;
  adopt:--removal) _palisade_path -f "$cur"; return ;;
  plan:--ruleset) _palisade_path -f "$cur"; return ;;
  plan:--sets) _palisade_path -f "$cur"; return ;;
  plan:--facts) _palisade_path -f "$cur"; return ;;
  plan:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  plan:--format) mapfile -t COMPREPLY < <(compgen -W 'text json markdown' -- "$cur"); return ;;
  plan:--out) _palisade_path -f "$cur"; return ;;
  plan:--most) :; return ;;
  test:--ruleset) _palisade_path -f "$cur"; return ;;
  test:--sets) _palisade_path -f "$cur"; return ;;
  test:--facts) _palisade_path -f "$cur"; return ;;
  test:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  apply:--timeout) :; return ;;
  apply:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  rollback:--timeout) :; return ;;
  uninstall:--timeout) :; return ;;
  uninstall:--out) _palisade_path -d "$cur"; return ;;
  open:--from) :; return ;;
  open:--for) :; return ;;
  open:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  close:--from) :; return ;;
  close:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  simulate:--never) :; return ;;
  simulate:--since) :; return ;;
  simulate:--facts) _palisade_path -f "$cur"; return ;;
  ban:--for) :; return ;;
  ban:--why) :; return ;;
  ban:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  backup:--tag) :; return ;;
  backup:--to) _palisade_path -d "$cur"; return ;;
  backup:--copy-to) _palisade_path -f "$cur"; return ;;
  backup:--every) mapfile -t COMPREPLY < <(compgen -W 'hourly daily weekly' -- "$cur"); return ;;
  backup:--jitter) :; return ;;
  backup:--due) mapfile -t COMPREPLY < <(compgen -W 'hourly daily weekly now' -- "$cur"); return ;;
  backup:--key) _palisade_path -f "$cur"; return ;;
  backup:--only) mapfile -t COMPREPLY < <(compgen -W 'own' -- "$cur"); return ;;
  backup:--timeout) :; return ;;
  backup:--keep-last) :; return ;;
  backup:--keep-hourly) :; return ;;
  backup:--keep-daily) :; return ;;
  backup:--keep-weekly) :; return ;;
  backup:--keep-monthly) :; return ;;
  backup:--most) :; return ;;
  backup:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  watch:--filter) :; return ;;
  events:--since) :; return ;;
  events:--until) :; return ;;
  events:--source) :; return ;;
  events:--target) :; return ;;
  events:--port) :; return ;;
  events:--proto) :; return ;;
  events:--prefix) :; return ;;
  events:--most) :; return ;;
  events:--format) mapfile -t COMPREPLY < <(compgen -W 'text csv' -- "$cur"); return ;;
  top:--by) mapfile -t COMPREPLY < <(compgen -W 'source network port target prefix country as' -- "$cur"); return ;;
  top:--since) :; return ;;
  top:--until) :; return ;;
  top:--most) :; return ;;
  top:--format) mapfile -t COMPREPLY < <(compgen -W 'text csv' -- "$cur"); return ;;
  incidents:--since) :; return ;;
  incidents:--detector) :; return ;;
  incidents:--source) :; return ;;
  incidents:--most) :; return ;;
  incidents:--for) :; return ;;
  incidents:--format) mapfile -t COMPREPLY < <(compgen -W 'text csv' -- "$cur"); return ;;
  alerts:--channel) :; return ;;
  alerts:--most) :; return ;;
  drift:--since) :; return ;;
  drift:--most) :; return ;;
  change:--for) :; return ;;
  change:--reason) :; return ;;
  journal:--last) :; return ;;
  journal:--key) _palisade_path -f "$cur"; return ;;
  journal:--has) :; return ;;
  boot-restore:--root) _palisade_path -d "$cur"; return ;;
  check:--warning) :; return ;;
  check:--critical) :; return ;;
  check:--measure) :; return ;;
  check:--only) :; return ;;
  check:--except) :; return ;;
  check:--rule) :; return ;;
  check:--expect) mapfile -t COMPREPLY < <(compgen -W 'hit quiet' -- "$cur"); return ;;
  check:--within) :; return ;;
  check:--timeout) :; return ;;
  check:--socket) _palisade_path -f "$cur"; return ;;
  state:--format) mapfile -t COMPREPLY < <(compgen -W 'json prometheus openmetrics zabbix' -- "$cur"); return ;;
  state:--output) _palisade_path -f "$cur"; return ;;
  state:--socket) _palisade_path -f "$cur"; return ;;
  state:--timeout) :; return ;;
  integrate:--set) :; return ;;
  integrate:--write) _palisade_path -d "$cur"; return ;;
  integrate:--wait) :; return ;;
  integrate:--host) :; return ;;
  integrate:--socket) _palisade_path -f "$cur"; return ;;
  *:--config) _palisade_path -f "$cur"; return ;;
  *:--state) _palisade_path -d "$cur"; return ;;
  *:--policy) _palisade_path -f "$cur"; return ;;
  *:--backend) mapfile -t COMPREPLY < <(compgen -W 'nft legacy' -- "$cur"); return ;;
  esac
  case $verb in
  status) flags='--ruleset --sets --facts --backend --json --no-color --quiet --config --state --policy --help' ;;
  up) flags='--port --no-web --once --no-watch --no-drift --repair --remove-foreign --backend --json --no-color --quiet --config --state --policy --help' ;;
  show) flags='--ruleset --sets --facts --backend --save --canonical --script --never-hit --table --json --no-color --quiet --config --state --policy --help' ;;
  audit) flags='--ruleset --sets --facts --backend --script --fresh --peer --prove --fixes --fail-on --format --output --profile --accepted --json --no-color --quiet --config --state --policy --help' ;;
  trace) flags='--ruleset --sets --facts --backend --prove --packets --brief --hook --src --dst --proto --sport --dport --in --out --icmp-type --icmp-code --flags --state --mark --length --ttl --mac --tos --pkt-type --uid --gid --json --no-color --quiet --config --policy --help' ;;
  reach) flags='--ruleset --sets --facts --backend --prove --json --no-color --quiet --config --state --policy --help' ;;
  connections) flags='--ruleset --sets --facts --backend --json --no-color --quiet --config --state --policy --help' ;;
  diff) flags='--sets --sets-after --facts --backend --prove --most --json --no-color --quiet --config --state --policy --help' ;;
  updates) flags='--ruleset --sets --facts --backend --apply --yes --json --no-color --quiet --config --state --policy --help' ;;
  init) flags='--internet --admins --allow --admins-only --forward --no-logging --no-protection --yes --force --ruleset --sets --facts --backend --json --no-color --quiet --config --state --policy --help' ;;
  adopt) flags='--ruleset --sets --facts --backend --output --removal --force --json --no-color --quiet --config --state --policy --help' ;;
  plan) flags='--ruleset --sets --facts --backend --format --out --most --json --no-color --quiet --config --state --policy --help' ;;
  test) flags='--ruleset --sets --facts --backend --alone --no-rehearse --json --no-color --quiet --config --state --policy --help' ;;
  apply) flags='--timeout --yes --confirm-by-reconnect --dry-run --backend --json --no-color --quiet --config --state --policy --help' ;;
  confirm) flags='--anyway --json --no-color --quiet --config --state --policy --backend --help' ;;
  rollback) flags='--list --timeout --yes --json --no-color --quiet --config --state --policy --backend --help' ;;
  uninstall) flags='--timeout --yes --leave-rules --out --json --no-color --quiet --config --state --policy --backend --help' ;;
  open) flags='--from --for --backend --json --no-color --quiet --config --state --policy --help' ;;
  close) flags='--from --backend --json --no-color --quiet --config --state --policy --help' ;;
  simulate) flags='--trust-files --never --since --facts --json --no-color --quiet --config --state --policy --backend --help' ;;
  ban) flags='--for --why --backend --json --no-color --quiet --config --state --policy --help' ;;
  unban) flags='--all --json --no-color --quiet --config --state --policy --backend --help' ;;
  bans) flags='--past --json --no-color --quiet --config --state --policy --backend --help' ;;
  explain-ban) flags='--json --no-color --quiet --config --state --policy --backend --help' ;;
  backup) flags='--tag --to --copy-to --every --jitter --remove --due --key --prove --only --timeout --yes --unsigned --dry-run --keep-last --keep-hourly --keep-daily --keep-weekly --keep-monthly --most --backend --json --no-color --quiet --config --state --policy --help' ;;
  watch) flags='--once --filter --json --no-color --quiet --config --state --policy --backend --help' ;;
  events) flags='--since --until --source --target --port --proto --prefix --most --why --format --json --no-color --quiet --config --state --policy --backend --help' ;;
  top) flags='--by --since --until --most --format --json --no-color --quiet --config --state --policy --backend --help' ;;
  incidents) flags='--open --since --detector --source --most --for --format --json --no-color --quiet --config --state --policy --backend --help' ;;
  alerts) flags='--channel --most --json --no-color --quiet --config --state --policy --backend --help' ;;
  drift) flags='--since --watch --repair --remove-foreign --no-boot --most --json --no-color --quiet --config --state --policy --backend --help' ;;
  change) flags='--for --reason --json --no-color --quiet --config --state --policy --backend --help' ;;
  journal) flags='--last --key --has --json --no-color --quiet --config --state --policy --backend --help' ;;
  boot-restore) flags='--install --remove --root --json --no-color --quiet --config --state --policy --backend --help' ;;
  check) flags='--warning --critical --measure --only --except --rule --expect --within --timeout --socket --exit-ok --verbose --json --no-color --quiet --config --state --policy --backend --help' ;;
  state) flags='--format --output --socket --timeout --json --no-color --quiet --config --state --policy --backend --help' ;;
  integrate) flags='--set --write --apply --test --force --wait --host --socket --json --no-color --quiet --config --state --policy --backend --help' ;;
  *)
    flags='--help --version --json --no-color --quiet --config --state --policy --backend'
    words='help status up show audit trace reach connections diff updates init adopt plan test apply confirm rollback uninstall open close simulate ban unban bans explain-ban backup watch events top incidents alerts drift change journal boot-restore check state integrate'
    ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
  elif [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  fi
}

# Completes a path; the names may hold blanks.
_palisade_path() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

complete -F _palisade palisade
