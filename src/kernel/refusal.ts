import type { Problem } from '../result.ts';

/** Reads a file under /proc or /sys; `undefined` when it is not there. */
export type ReadSetting = (path: string) => string | undefined;

const remedy = 'run palisade as root';

/** Settings that forbid user namespaces, each with the value that does (namespaces(7), Debian's and Ubuntu's kernel patches). */
const settings: readonly { readonly path: string; readonly forbids: string; readonly message: string; readonly hint: string }[] =
  [
    {
      path: '/proc/sys/user/max_user_namespaces',
      forbids: '0',
      message: 'this host forbids user namespaces (user.max_user_namespaces is 0)',
      hint: `${remedy}, or allow them: sysctl user.max_user_namespaces=10000`,
    },
    {
      path: '/proc/sys/kernel/unprivileged_userns_clone',
      forbids: '0',
      message: 'this host forbids user namespaces to users other than root (kernel.unprivileged_userns_clone is 0)',
      hint: `${remedy}, or allow them: sysctl kernel.unprivileged_userns_clone=1`,
    },
    {
      path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      forbids: '1',
      message: "AppArmor restricts other users' user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)",
      hint: `${remedy}, or allow them: sysctl kernel.apparmor_restrict_unprivileged_userns=0`,
    },
    {
      path: '/proc/sys/user/max_net_namespaces',
      forbids: '0',
      message: 'this host forbids network namespaces (user.max_net_namespaces is 0)',
      hint: 'allow them: sysctl user.max_net_namespaces=10000',
    },
  ];

/** Why no namespace was to be had: the setting that forbids it when one does, else what the tool said. */
export function refusal(said: string, read: ReadSetting): Problem {
  const found = settings.find((setting) => read(setting.path)?.trim() === setting.forbids);
  if (found !== undefined) return { code: 'no-namespace', message: found.message, hint: found.hint };
  const detail = said.trim().split('\n').at(-1);
  return {
    code: 'no-namespace',
    message: `this host refuses a network namespace${detail ? ` (${detail})` : ''}`,
    hint: `${remedy}; inside a container, allow it CAP_SYS_ADMIN or user namespaces`,
  };
}

/** The program that makes or enters namespaces is not there. */
export function toolMissing(tool: string): Problem {
  return { code: 'no-namespace', message: `${tool} is not there`, hint: 'install util-linux' };
}

/** A namespace could not be had, or its links could not be made. */
export class NamespaceRefused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.name = 'NamespaceRefused';
    this.problem = problem;
  }
}
