/**
 * Asks the list of subjects for the past of those of whom a page has heard first by an event: one may be a request, or an old one.
 */

/** They are asked about together; less and less often while that fails. */
const askAgainMs = 1_000;
const longestAskMs = 30_000;
/** The most that the gateway gives at once. */
const subjectsInPage = 500;
const pagesAtATime = 5;

/**
 * @param {ReturnType<typeof import('./subjects.js').createSubjects>} subjects
 * @param {object} page
 * @param {(query: { before: number, limit: number }) => Promise<{ subjects: import('./subject.js').Subject[] }>} page.askSubjects
 * @param {(work: () => Promise<unknown>) => Promise<boolean>} page.attempt false when it failed
 * @param {() => void} page.onChange
 * @returns {{ askSoon(): void, stop(): void }}
 */
export function createPastAsking(subjects, { askSubjects, attempt, onChange }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let askMs = askAgainMs;

  function askSoon() {
    if (timer !== undefined) return;
    const mine = setTimeout(async () => {
      const isRead = await attempt(learn);
      if (timer !== mine) return;
      timer = undefined;
      askMs = isRead ? askAgainMs : Math.min(askMs * 2, longestAskMs);
      if (subjects.askedTo !== undefined) askSoon();
    }, askMs);
    timer = mine;
  }

  /** Reads the list from the newest subject down whose past is not known. */
  async function learn() {
    for (let pages = 0; pages < pagesAtATime; pages += 1) {
      const { cuts, askedTo } = subjects;
      if (askedTo === undefined) return;
      const before = askedTo + 1;
      const { subjects: listed } = await askSubjects({ before, limit: subjectsInPage });
      // Else the oldest are gone by now, and these may stand behind a hole.
      if (cuts !== subjects.cuts) return;
      const isEnd = listed.length < subjectsInPage;
      subjects.learn(listed, { from: isEnd ? 0 : (listed.at(-1)?.sequence ?? 0), before });
      onChange();
    }
  }

  function stop() {
    clearTimeout(timer);
    timer = undefined;
  }

  return { askSoon, stop };
}
