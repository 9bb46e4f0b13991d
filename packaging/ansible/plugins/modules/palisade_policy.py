#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Makes a host's firewall what a palisade policy says: the words of `palisade plan` and `palisade apply` as an Ansible module."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: palisade_policy
short_description: Make the firewall what a palisade policy says
description:
  - Asks C(palisade plan) what the policy would change, and has C(palisade apply) change it where that is anything. The change is proved,
    rehearsed, and undone if anything is not as it was to be; rules of other programs stay.
  - A policy that would lock out whoever manages the host now, among them Ansible over SSH, is refused, and the task fails.
options:
  content:
    description:
      - The policy. It is written to I(path) once palisade has found nothing against it, and I(path) is what it was if applying it fails.
      - Without it the policy that is at I(path) is applied.
    type: str
  path:
    description: Where the policy stands on the host. Files that it names are beside it.
    type: path
    default: /etc/palisade/policy.yaml
  state:
    description:
      - C(present) has the firewall be what the policy says.
      - C(absent) takes away everything of palisade's in the firewall, as C(palisade uninstall) does; the policy file stays.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds after which a change that palisade could not confirm is undone.
    type: int
    default: 60
  state_dir:
    description: Where palisade keeps its state.
    type: path
    default: /var/lib/palisade
  backend:
    description: Which backend's rules to write where both are empty.
    type: str
    choices: [nft, legacy]
  executable:
    description: palisade itself, by its path or by a name in PATH.
    type: str
    default: palisade
attributes:
  check_mode:
    support: full
    description: Nothing is changed, not even the policy file.
  diff_mode:
    support: full
    description: Lines of the policy file, and lines of iptables that come and go; of C(absent) none.
author:
  - the authors of palisade
"""

EXAMPLES = r"""
- name: The firewall of a web server
  palisade.firewall.palisade_policy:
    content: "{{ lookup('ansible.builtin.file', 'web.yaml') }}"

- name: What somebody else has put there
  palisade.firewall.palisade_policy:
    path: /etc/palisade/policy.yaml

- name: No palisade any more
  palisade.firewall.palisade_policy:
    state: absent
"""

RETURN = r"""
rules_changed:
  description: Whether rules or sets are changed, or would be in check mode.
  type: bool
  returned: success
plan:
  description: What C(palisade plan --json) said, by its schema.
  type: dict
  returned: where there is one
parts:
  description: What C(palisade apply --json) or C(palisade uninstall --json) said, line by line.
  type: list
  elements: dict
  returned: when something was changed
refusals:
  description: Why palisade refuses the policy, each with C(why) and C(remedy).
  type: list
  elements: dict
  returned: failure
exit_code:
  description: palisade's exit code; not C(rc), of which Ansible takes anything but 0 for a failure. 2 stands for a policy that cannot be read, 3 for something unknown, 4 for a change that was not made.
  type: int
  returned: where palisade ran
"""

import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_text


class Palisade:
    """palisade on this host."""

    def __init__(self, module):
        self.module = module
        path = module.get_bin_path(module.params['executable'])
        if path is None:
            module.fail_json(msg='palisade is not on this host: %s is no program' % module.params['executable'])
        self.lead = [path, '--state', module.params['state_dir'], '--json', '--no-color']

    def run(self, policy, words, text=None, folder=None):
        """Exit code, what it printed, and its words on standard error; `policy` is `-` where the text is handed over."""
        rc, out, err = self.module.run_command(
            self.lead + ['--policy', policy] + words,
            data=None if text is None else to_bytes(text),
            binary_data=True,
            cwd=folder,
        )
        return rc, out, err.strip()


def read(path):
    """The text of a file; None where there is none."""
    try:
        with open(path, 'rb') as file:
            return to_text(file.read())
    except (IOError, OSError):
        return None


def write(module, path, text):
    """Whole or not at all; a new one for its owner alone."""
    folder = os.path.dirname(path) or '.'
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o755)
    number, fresh = tempfile.mkstemp(dir=folder, prefix='.policy.')
    with os.fdopen(number, 'wb') as file:
        file.write(to_bytes(text))
    module.atomic_move(fresh, path)


def put_back(module, path, before):
    """The policy file as it was before."""
    if before is None:
        os.unlink(path)
    else:
        write(module, path, before)


def parts_of(out):
    return [json.loads(line) for line in out.splitlines() if line.strip()]


def said(err, rc):
    return err if err else 'palisade ended with exit code %d and said nothing' % rc


def backend_words(module):
    return ['--backend', module.params['backend']] if module.params['backend'] else []


def plan_of(module, palisade, path, content):
    """What the policy would change; fails where that cannot be said."""
    folder = os.path.dirname(path) or '.'
    words = ['plan'] + backend_words(module)
    if content is None:
        rc, out, err = palisade.run(path, words)
    else:
        rc, out, err = palisade.run('-', words, content, folder if os.path.isdir(folder) else '/')
    try:
        plan = json.loads(out) if out.strip() else None
    except ValueError:
        plan = None
    if plan is None or rc not in (0, 1, 3):
        module.fail_json(msg=said(err, rc), exit_code=rc)
    for unknown in plan['unknown']:
        module.warn('%s: %s; %s' % (unknown['what'], unknown['why'], unknown['remedy']))
    if plan['refusals']:
        reasons = ['%s; %s' % (one['why'], one['remedy']) for one in plan['refusals']]
        module.fail_json(msg='palisade refuses this policy: ' + '. '.join(reasons), refusals=plan['refusals'], plan=plan, exit_code=rc)
    return plan, rc


def diff_of(path, before, after, plan):
    """Of the file, and of the lines of each family that come and go."""
    diffs = []
    if before != after:
        diffs.append({'before_header': path, 'after_header': path, 'before': before or '', 'after': after or ''})
    for family in (4, 6):
        lines = [line for line in plan['lines'] if line['family'] == family]
        text = dict(
            (kind, ''.join('*%s %s\n' % (line['table'], line['text']) for line in lines if line['kind'] == kind))
            for kind in ('removed', 'added')
        )
        if lines:
            header = 'iptables of IPv%d' % family
            diffs.append({'before_header': header, 'after_header': header, 'before': text['removed'], 'after': text['added']})
    return diffs


def present(module, palisade):
    path, content = module.params['path'], module.params['content']
    before = read(path)
    plan, rc = plan_of(module, palisade, path, content)
    after = before if content is None else content
    file_changes = after != before
    result = {
        'changed': file_changes or plan['changes'],
        'rules_changed': plan['changes'],
        'plan': plan,
        'exit_code': rc,
        'diff': diff_of(path, before, after, plan),
    }
    if module.check_mode or not result['changed']:
        module.exit_json(**result)
    if file_changes:
        write(module, path, content)
    if plan['changes']:
        words = ['apply', '--yes', '--timeout', str(module.params['timeout'])] + backend_words(module)
        rc, out, err = palisade.run(path, words)
        if rc != 0:
            if file_changes:
                put_back(module, path, before)
            module.fail_json(msg=said(err, rc), exit_code=rc, plan=plan)
        result['exit_code'] = rc
        result['parts'] = parts_of(out)
        # Somebody else may have done the same meanwhile.
        result['rules_changed'] = any(part['kind'] == 'changed' for part in result['parts'])
        result['changed'] = file_changes or result['rules_changed']
    module.exit_json(**result)


def absent(module, palisade):
    # What palisade knows of the time before its first change; it goes with the last of its rules.
    known = os.path.join(module.params['state_dir'], 'origin.json')
    if not os.path.exists(known):
        module.exit_json(changed=False, rules_changed=False)
    if module.check_mode:
        module.exit_json(changed=True, rules_changed=True)
    rc, out, err = palisade.run(module.params['path'], ['uninstall', '--yes', '--timeout', str(module.params['timeout'])])
    if rc != 0:
        module.fail_json(msg=said(err, rc), exit_code=rc)
    parts = parts_of(out)
    changed = any(part['kind'] == 'changed' for part in parts)
    module.exit_json(changed=changed, rules_changed=changed, parts=parts, exit_code=rc)


def main():
    module = AnsibleModule(
        argument_spec={
            'content': {'type': 'str'},
            'path': {'type': 'path', 'default': '/etc/palisade/policy.yaml'},
            'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
            'timeout': {'type': 'int', 'default': 60},
            'state_dir': {'type': 'path', 'default': '/var/lib/palisade'},
            'backend': {'type': 'str', 'choices': ['nft', 'legacy']},
            'executable': {'type': 'str', 'default': 'palisade'},
        },
        supports_check_mode=True,
    )
    palisade = Palisade(module)
    (present if module.params['state'] == 'present' else absent)(module, palisade)


if __name__ == '__main__':
    main()
