/** The processes that a request goes through. */

/** `subject` is what is under test: a bridge, or a program with the library in it, which then asks by itself. */
export const partNames = ['subject', 'broker', 'database', 'service', 'callers'] as const;
export type Part = (typeof partNames)[number];

/** A figure of each; null: takes no part, or is not measured. */
export type PartFigures = Readonly<Record<Part, number | null>>;

/** In the order of the names. */
export function toPartFigures(of: (part: Part) => number | null): PartFigures {
  const figures = partNames.map((part) => [part, of(part)]);
  return Object.fromEntries(figures) as Record<Part, number | null>;
}
