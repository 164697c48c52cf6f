const textType = /^(?:text\/|application\/(?:[^;]*\+)?(?:json|xml)(?:\s*;|$))/iu;
const charset = /;\s*charset\s*=\s*"?(?<name>[^";\s]+)/iu;

/** Whether the content type promises text in UTF-8. */
export function promisesUtf8(contentType: string): boolean {
  if (!textType.test(contentType)) return false;
  const name = charset.exec(contentType)?.groups?.['name']?.toLowerCase();
  return name === undefined || name === 'utf-8' || name === 'utf8' || name === 'us-ascii';
}
