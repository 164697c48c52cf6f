import { z } from 'zod';

/** Takes off what wraps a schema: defaults, optional marks, transformations. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrapped(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema;
}

/** The members of an object schema, in the order they were written; undefined for any other schema. */
export function membersOf(schema: z.core.$ZodType): ReadonlyMap<string, z.core.$ZodType> | undefined {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? new Map(Object.entries(inner.shape)) : undefined;
}

/** Names that an object may have at this path; empty where the schema knows none. */
export function memberNamesAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  let current: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    if (current === undefined) return [];
    const inner = unwrapped(current);
    current = inner instanceof z.ZodArray ? inner.element : membersOf(inner)?.get(String(step));
  }
  return current === undefined ? [] : [...(membersOf(current)?.keys() ?? [])];
}
