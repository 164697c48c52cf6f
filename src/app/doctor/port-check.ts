import type { PortOptions } from '../port-obstacle.js';
import { addressInWords, portObstacle } from '../port-obstacle.js';
import type { CheckName, Finding } from './finding.js';

/** Whether a start could listen there, or a gateway does already. */
export async function checkPort(check: CheckName, options: PortOptions): Promise<Finding> {
  const { host, port } = options;
  if (port === 0) return { check, state: 'ok', says: 'a free one is taken at the start' };
  const obstacle = await portObstacle(options);
  if (obstacle === undefined) return { check, state: 'ok', says: `${addressInWords(host, port)} is free` };
  const { says, remedy, code, isOurs } = obstacle;
  return isOurs ? { check, state: 'ok', says } : { check, state: 'wrong', says, remedy, code };
}
