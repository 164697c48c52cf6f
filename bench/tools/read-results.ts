/** A results.json. @throws Error with the name of the file when it is none of that command, or of another format */
export function readJsonOfFormat(
  text: string,
  { name, format, command }: { readonly name: string; readonly format: number; readonly command: string },
): unknown {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error(`${name}: it is not JSON; a results.json of ${command} is allowed`);
  }
  const given = (found as { format?: unknown } | null)?.format;
  if (given !== format) {
    const words = given === undefined ? 'not given' : JSON.stringify(given);
    throw new Error(`${name}: its format is ${words}; ${format} is allowed`);
  }
  return found;
}
