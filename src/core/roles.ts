/**
 * What a process of a deployment does; each may do all of it. `gateway`: HTTP, and who waits there. `correlator`: takes replies,
 * status events, dead letters and invalid messages from the broker. `relay`: sends what the store holds for the broker, numbers and
 * publishes status events, ends what is past its deadline or its lease, removes what is past its retention.
 */
export const roles = ['gateway', 'correlator', 'relay'] as const;
export type Role = (typeof roles)[number];

/** Those that nobody has. */
export function missingRoles(taken: Iterable<Role>): readonly Role[] {
  const known = new Set(taken);
  return roles.filter((role) => !known.has(role));
}
