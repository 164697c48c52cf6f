import type { Configuration } from '#schema/configuration.js';
import type { Finding } from './finding.js';

/** The store, the log, the listeners, and what Node itself needs. */
const ownFiles = 100;
/** For the four own queues, the control topic, and some queues that are read over HTTP. */
const subscriptions = 20;
/** With fewer a gateway cannot work. */
const fewest = 256;

/**
 * Whether so many connections can be open as the configuration allows; `limit` is that of this process, which one that
 * is started by the same user in the same way has too. Undefined where the system does not tell.
 */
export function checkOpenFiles(
  { requests, broker }: Pick<Configuration, 'requests' | 'broker'>,
  limit: number | undefined = openFilesLimit(),
): Finding | undefined {
  if (limit === undefined) return undefined;
  const check = 'open files';
  const needed = requests.maxWaiting + broker.sendConnections + subscriptions + ownFiles;
  if (limit >= needed) return { check, state: 'ok', says: `${inWords(limit)} may be open at the same time` };
  const says = `only ${inWords(limit)} may be open at the same time; requests.maxWaiting of ${requests.maxWaiting} needs ${needed}, and beyond the limit callers are not let in`;
  const remedy = `raise it (ulimit -n, LimitNOFILE= of systemd, --ulimit nofile= of Docker), or lower requests.maxWaiting to ${Math.max(1, limit - (needed - requests.maxWaiting))}`;
  if (limit >= fewest) return { check, state: 'note', says, remedy };
  return { check, state: 'wrong', says, remedy, code: 'INVALID_CONFIGURATION' };
}

function inWords(limit: number): string {
  return limit === Infinity ? 'any number of files and connections' : `${limit} files and connections`;
}

interface Report {
  readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
}

/** Node raises the soft limit to the hard one at its start, so this is what is left of both. */
function openFilesLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as Report;
  const soft = userLimits?.open_files?.soft;
  return soft === 'unlimited' ? Infinity : typeof soft === 'number' ? soft : undefined;
}
