/** What is looked at stands in the address, so that it can be kept, sent, and gone back to. */

/** @typedef {{ project: string | null, state: import('./subjects.js').StateFilter, text: string }} View */

/** @returns {View} */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const state = query.get('state');
  return {
    project: query.get('project') || null,
    state: state === 'running' || state === 'ended' ? state : 'all',
    text: query.get('text') ?? '',
  };
}

/** @param {Partial<View>} view */
export function toAddress({ project, state, text }) {
  const query = new URLSearchParams();
  if (project) query.set('project', project);
  if (state && state !== 'all') query.set('state', state);
  if (text) query.set('text', text);
  return `${location.pathname}${query.size === 0 ? '' : `?${query}`}`;
}
