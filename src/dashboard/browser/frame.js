/**
 * Calls back at most once in a frame, however often it is asked to: hundreds of events a second are one change of the page.
 *
 * @param {() => void} callback
 * @returns {{ (): void, cancel(): void }}
 */
export function oncePerFrame(callback) {
  /** @type {number | undefined} */
  let waiting;
  const request = () => {
    waiting ??= requestAnimationFrame(() => {
      waiting = undefined;
      callback();
    });
  };
  return Object.assign(request, {
    cancel: () => {
      if (waiting !== undefined) cancelAnimationFrame(waiting);
    },
  });
}
