/** A gateway that can be told at which point of a request to kill itself. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServeOptions, ServedGateway } from '../../support/served-gateway.js';
import { serveGateway } from '../../support/served-gateway.js';
import { makeTemporaryFolder } from '../../support/temporary-folder.js';
import type { Crash, CrashPlan } from '../points/crash-point.js';
import { crashFile, planVariable } from '../points/crash-point.js';

export interface ChaosGateway extends ServedGateway {
  /** From now on; null = it lives. */
  plan(plan: CrashPlan | null): void;
  /** What a process of it did by its plan; null = nothing yet. It is told once. */
  takeCrash(): Crash | null;
}

const register = new URL('../points/register.mjs', import.meta.url).href;

export async function startChaosGateway(options: ServeOptions): Promise<ChaosGateway> {
  const folder = await makeTemporaryFolder();
  const file = join(folder.path, 'plan');
  const write = (plan: CrashPlan | null): void => {
    // Never half of it for the process that reads it.
    writeFileSync(`${file}.next`, JSON.stringify(plan));
    renameSync(`${file}.next`, file);
  };
  write(null);
  const nodeOptions = [process.env['NODE_OPTIONS'], `--import=${register}`].filter(Boolean).join(' ');
  const settings = { ...options.settings, NODE_OPTIONS: nodeOptions, [planVariable]: file };
  let gateway: ServedGateway;
  try {
    gateway = await serveGateway({ ...options, settings });
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return Object.assign(Object.create(gateway) as ServedGateway, {
    plan: write,
    takeCrash() {
      const place = crashFile(file);
      if (!existsSync(place)) return null;
      const crash = JSON.parse(readFileSync(place, 'utf8')) as Crash;
      rmSync(place);
      return crash;
    },
    async remove() {
      await gateway.remove();
      await folder.remove();
    },
  });
}
