import { isUtf8 } from 'node:buffer';
import type { Message } from '#core/message.js';
import { promisesUtf8 } from '#core/text-type.js';
import type { Dialect } from './dialects/dialect.js';

/** How a body leaves: `text` without `content-length` (JMS TextMessage), `bytes` with it (BytesMessage). */
export type BodyForm = 'text' | 'bytes';

/**
 * Text goes out without its length where that makes it a TextMessage; a NUL would end such a body early,
 * and what is not UTF-8 would not survive, so those go as bytes.
 */
export function bodyForm(dialect: Dialect, { contentType, properties, body }: Message): BodyForm {
  if (!dialect.textWithoutContentLength) return 'bytes';
  // A TextMessage without a content type stays one when it is sent again.
  const isText = contentType === null ? properties.form === 'text' : promisesUtf8(contentType);
  if (!isText) return 'bytes';
  return isUtf8(body) && !body.includes(0) ? 'text' : 'bytes';
}
