/** Whether `If-None-Match` (RFC 9110, 13.1.2) names this version: a list, weak or not, or `*`. */
export function matchesEtag(header: string, etag: string): boolean {
  return header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//u, ''))
    .some((tag) => tag === '*' || tag === etag);
}
