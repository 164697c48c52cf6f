/**
 * The name of the first member that stands twice in one object of a JSON text; undefined when none does. Programs
 * disagree about which of the two counts: a check would see one and the service another.
 *
 * @param text - JSON that can be parsed
 */
export function repeatedMember(text: string): string | undefined {
  // The names of each open object, undefined for an open list.
  const open: (Set<string> | undefined)[] = [];
  let isNameNext = false;
  for (let index = 0; index < text.length; index += 1) {
    switch (text[index]) {
      case '{':
        open.push(new Set());
        isNameNext = true;
        break;
      case '[':
        open.push(undefined);
        isNameNext = false;
        break;
      case '}':
      case ']':
        open.pop();
        isNameNext = false;
        break;
      case ',':
        isNameNext = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(text, index);
        const names = isNameNext ? open.at(-1) : undefined;
        if (names !== undefined) {
          const name = JSON.parse(text.slice(index, end + 1)) as string;
          if (names.has(name)) return name;
          names.add(name);
        }
        isNameNext = false;
        index = end;
        break;
      }
      default:
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}
