import type { Context } from 'mocha';

/** Prints a figure that a test found, with the title of its suite: tests of several files print at the same time. */
export function report({ test }: Context, figure: string): void {
  console.log(`        ${test?.parent?.title ?? ''}: ${figure}`);
}
