import { startProcess } from './process.js';

/** Builds the package where its source is newer; one process at a time does. @throws Error with what the build said */
export async function buildPackage(): Promise<void> {
  const build = "import('./scripts/build-if-needed.mjs').then((module) => module.buildIfNeeded())";
  const building = startProcess(process.execPath, ['-e', build], { name: 'the build' });
  const { code } = await building.exited;
  if (code !== 0) throw new Error(`the package cannot be built:\n${building.output()}`);
}
