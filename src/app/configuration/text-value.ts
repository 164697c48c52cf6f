import type { SettingFacts } from '#schema/setting.js';

/** A value read from text, or nothing when the text was meant as JSON and is none. */
export type ReadValue = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

function fromJson(text: string): ReadValue {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}

function listFromText(text: string): ReadValue {
  if (text.startsWith('[')) return fromJson(text);
  const entries = text.split(',').map((entry) => entry.trim());
  return { ok: true, value: entries.filter((entry) => entry !== '') };
}

/**
 * What the text of a variable or flag means. Text that is not of the kind stays as it is, so that the
 * schema refuses it by name.
 */
export function fromText(text: string, kind: SettingFacts['kind']): ReadValue {
  const trimmed = text.trim();
  switch (kind) {
    case 'integer':
    case 'duration':
      return { ok: true, value: /^-?\d{1,15}$/u.test(trimmed) ? Number(trimmed) : trimmed };
    case 'flag': {
      if (trimmed === 'true' || trimmed === '1') return { ok: true, value: true };
      return { ok: true, value: trimmed === 'false' || trimmed === '0' ? false : trimmed };
    }
    case 'list':
      return listFromText(trimmed);
    case 'structure':
      return fromJson(trimmed);
    case 'text':
      return { ok: true, value: text };
  }
}
