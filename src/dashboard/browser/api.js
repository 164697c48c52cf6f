/** Asks the gateway that served the page, with the token of whoever looks. */

/** Where the gateway is, also behind a proxy that puts a path before it. */
const root = new URL('../../', import.meta.url);
const tokenKey = 'replyto.token';
const answerWithinMs = 20_000;

/** A call that has no good answer; `status` is 0 when there was none at all. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** Whether another token may help. */
  get isAboutToken() {
    return this.status === 401 || this.status === 403;
  }
}

/** Kept as long as the tab is open. @returns {string | null} */
export function getToken() {
  return sessionStorage.getItem(tokenKey);
}

/** @param {string | null} token null forgets it */
export function setToken(token) {
  if (token === null) sessionStorage.removeItem(tokenKey);
  else sessionStorage.setItem(tokenKey, token);
}

/**
 * @param {readonly string[]} segments of the path
 * @param {Readonly<Record<string, string | number | undefined>>} [query]
 * @returns {URL}
 */
export function toUrl(segments, query = {}) {
  const url = new URL(segments.map(encodeURIComponent).join('/'), root);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

/**
 * The JSON behind an address.
 *
 * @param {URL} url
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export async function getJson(url, signal) {
  const token = getToken();
  const response = await send(url, {
    headers: { accept: 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    cache: 'no-store',
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new ApiError(response.status, toSentence(text, response.status));
}

/**
 * @param {URL} url
 * @param {RequestInit} options
 */
async function send(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (options.signal?.reason?.name === 'AbortError') throw error;
    throw new ApiError(0, 'The gateway does not answer.');
  }
}

/**
 * What a problem document says.
 *
 * @param {string} body
 * @param {number} status
 */
function toSentence(body, status) {
  try {
    const { title, detail, problems = [] } = JSON.parse(body);
    const more = problems.map(
      (/** @type {{ field: string, allowed: string }} */ { field, allowed }) => `${field}: ${allowed}`,
    );
    const text = [detail ?? title, ...more].join('; ');
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  } catch {
    // Something between here and the gateway has answered.
    return `The answer was HTTP ${status}.`;
  }
}

/** The address for EventSource, which can send no header. @param {URL} url */
export function withToken(url) {
  const token = getToken();
  const address = new URL(url);
  if (token !== null) address.searchParams.set('access_token', token);
  return address.href;
}
