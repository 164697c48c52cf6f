import { z } from 'zod';
import { durationInWords, durationPattern, durationToMs } from './duration.js';

/** What cannot be read from a setting's schema: how text becomes its value, and who may see it. */
export interface SettingFacts {
  readonly kind: 'integer' | 'duration' | 'flag' | 'text' | 'list' | 'structure';
  /** What may stand there, in words. */
  readonly allowed: string;
  /** `whole`: never shown. `url`: shown without login, password and parameters. */
  readonly secret?: 'whole' | 'url';
  /** The value is a path; relative ones start where their source is. */
  readonly isPath?: true;
}

export const settingFacts = z.registry<SettingFacts>();

export interface WholeNumber {
  readonly min: number;
  readonly max: number;
}

const flagAllowed = 'true or false';

export const flagSetting = z.boolean({ error: flagAllowed });

/** A setting as the catalogue lists it. Registered last: every method of zod makes another schema. */
function listed<S extends z.ZodType>(schema: S, description: string, facts: SettingFacts): S {
  const described = schema.describe(description);
  settingFacts.add(described, facts);
  return described;
}

/** Milliseconds as a whole number, or text such as `30s`; with `never` also that word, which reads as null. */
export function durationSetting(range: WholeNumber & { readonly never: true }): z.ZodType<number | null>;
export function durationSetting(range: WholeNumber & { readonly never?: false }): z.ZodType<number>;
export function durationSetting(range: WholeNumber & { readonly never?: boolean }): z.ZodType<number | null> {
  const error = durationAllowed(range, range.never);
  const number = z.int({ error }).min(range.min, { error }).max(range.max, { error });
  const text = z.string({ error }).regex(durationPattern, { error });
  const forms = range.never === true ? [number, text, z.literal('never', { error })] : [number, text];
  return z.union(forms, { error }).transform((given, context) => {
    if (given === 'never') return null;
    const ms = typeof given === 'string' ? durationToMs(given) : given;
    if (ms !== undefined && ms >= range.min && ms <= range.max) return ms;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

function durationAllowed({ min, max }: WholeNumber, never = false): string {
  const range = `${durationInWords(min)} to ${durationInWords(max)}`;
  const words = `${range}, as milliseconds or as text such as 500ms, 30s, 5m, 24h, 7d`;
  return never ? `${words}; or never` : words;
}

export function duration(
  range: WholeNumber & { readonly default: number },
  description: string,
): z.ZodType<number> {
  const schema = durationSetting({ min: range.min, max: range.max }).prefault(range.default);
  return listed(schema, description, { kind: 'duration', allowed: durationAllowed(range) });
}

export function durationOrNever(
  range: WholeNumber & { readonly default: number },
  description: string,
): z.ZodType<number | null> {
  const schema = durationSetting({ min: range.min, max: range.max, never: true }).prefault(range.default);
  return listed(schema, description, { kind: 'duration', allowed: durationAllowed(range, true) });
}

export function integer(
  range: WholeNumber & { readonly default: number; readonly unit?: string },
  description: string,
): z.ZodType<number> {
  const allowed = `whole number from ${range.min} to ${range.max}${range.unit === undefined ? '' : ` (${range.unit})`}`;
  const error = allowed;
  const schema = z.int({ error }).min(range.min, { error }).max(range.max, { error });
  return listed(schema.default(range.default), description, { kind: 'integer', allowed });
}

export function flag(preset: boolean, description: string): z.ZodType<boolean> {
  return listed(flagSetting.default(preset), description, { kind: 'flag', allowed: flagAllowed });
}

export function choice<T extends string>(
  values: readonly [T, ...T[]],
  preset: T,
  description: string,
): z.ZodType<T> {
  const allowed = `one of ${values.join(', ')}`;
  const schema = z.enum(values, { error: allowed }).default(() => preset);
  return listed(schema as unknown as z.ZodType<T>, description, { kind: 'text', allowed });
}

export interface TextOptions {
  readonly allowed: string;
  readonly pattern: RegExp;
  readonly secret?: 'whole' | 'url';
  readonly isPath?: true;
}

function textSchema({ allowed, pattern }: TextOptions): z.ZodString {
  return z.string({ error: allowed }).regex(pattern, { error: allowed });
}

function textFacts({ allowed, secret, isPath }: TextOptions): SettingFacts {
  return {
    kind: 'text',
    allowed,
    ...(secret === undefined ? {} : { secret }),
    ...(isPath === undefined ? {} : { isPath }),
  };
}

export function text(
  options: TextOptions & { readonly default: string },
  description: string,
): z.ZodType<string> {
  return listed(textSchema(options).default(options.default), description, textFacts(options));
}

export function optionalText(options: TextOptions, description: string): z.ZodOptional<z.ZodType<string>> {
  const schema: z.ZodType<string> = textSchema(options);
  return listed(schema.optional(), description, textFacts(options));
}

/** What must not stand in a header of STOMP or in a log line. */
export const printable = /^[^\p{Cc}]+$/u;

/** Of a setting that names a file. */
export const file = { pattern: printable, allowed: 'the path of a file', isPath: true } as const;

export interface ListOptions<T> {
  readonly kind: 'list' | 'structure';
  readonly allowed: string;
  /** Default 0. */
  readonly min?: number;
  readonly max: number;
  readonly default: readonly T[];
}

export function list<S extends z.ZodType>(
  item: S,
  options: ListOptions<z.input<S>>,
  description: string,
): z.ZodType<z.output<S>[]> {
  const error = options.allowed;
  const schema = z
    .array(item, { error })
    .min(options.min ?? 0, { error })
    .max(options.max, { error: `at most ${options.max} entries` });
  // Entries of the preset are written as in a file, so they are read like those of a file.
  const withPreset = schema.prefault(() => [...options.default]);
  return listed(withPreset as z.ZodType<z.output<S>[]>, description, {
    kind: options.kind,
    allowed: options.allowed,
  });
}

/** A group of settings; a group that is not given has the presets of its members. */
export function section<S extends z.core.$ZodLooseShape>(
  shape: S,
): z.ZodPrefault<z.ZodObject<S, z.core.$strict>> {
  return z.strictObject(shape).prefault(() => ({}) as never);
}
