// Builds the package when its source is newer. One process at a time: a build begins by removing what the others use.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const lock = 'node_modules/.cache/replyto-build.lock';
const lookEveryMs = 200;
/** No build takes so long. */
const staleAfterMs = 300_000;

export async function buildIfNeeded() {
  while (!isCurrent()) {
    if (!takeLock()) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      continue;
    }
    try {
      if (!isCurrent()) build();
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** Not while somebody builds, or was killed while building: the first files of a build are there before the last. */
function isCurrent() {
  if (isLocked() || !existsSync('dist/index.js')) return false;
  const newest = Math.max(
    ...readdirSync('src', { recursive: true }).map((file) => statSync(join('src', file)).mtimeMs),
  );
  return statSync('dist/index.js').mtimeMs >= newest;
}

function build() {
  console.error('Building the package ...');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  rmSync(lock, { force: true });
  process.exit(status ?? 1);
}

function takeLock() {
  mkdirSync(dirname(lock), { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    // Who was killed while building leaves its lock, and a part of the package that looks like the whole.
    if (!isHeldByOther()) {
      rmSync('dist/index.js', { force: true });
      rmSync(lock, { force: true });
    }
    return false;
  }
}

function isLocked() {
  try {
    return Number(readFileSync(lock, 'utf8')) !== process.pid;
  } catch {
    return false;
  }
}

function isHeldByOther() {
  let holder;
  try {
    if (Date.now() - statSync(lock).mtimeMs > staleAfterMs) return false;
    holder = Number(readFileSync(lock, 'utf8'));
  } catch {
    return false;
  }
  // The moment between the file and its first byte.
  if (holder === 0) return true;
  if (holder === process.pid) return false;
  try {
    process.kill(holder, 0);
    return true;
  } catch {
    return false;
  }
}
