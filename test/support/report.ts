/** Prints a figure that a test found, below its title. */
export function report(figure: string): void {
  console.log(`        ${figure}`);
}
