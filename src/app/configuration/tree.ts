/** The settings as the sources give them together, not checked yet. */
export type Tree = Readonly<Record<string, unknown>>;

/** A member of a group; undefined where there is none. */
export function valueOf(tree: Tree, section: string, name: string): unknown {
  const group = tree[section];
  if (typeof group !== 'object' || group === null || !Object.hasOwn(group, name)) return undefined;
  return (group as Record<string, unknown>)[name];
}
