import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { ValidateFunction } from 'ajv/dist/2020.js';

/** The parts of an OpenAPI document that tests look at. */
export interface ApiDescription {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface ApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content: ApiContent };
  readonly responses: Readonly<Record<string, ApiAnswer>>;
}

interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description: string;
  readonly schema: object;
}

export interface ApiAnswer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly required: boolean; readonly schema: object }>>;
  readonly content?: ApiContent;
  readonly links?: Readonly<
    Record<string, { readonly operationId: string; readonly parameters: Readonly<Record<string, string>> }>
  >;
}

type ApiContent = Readonly<
  Record<
    string,
    { readonly schema: object; readonly examples?: Readonly<Record<string, { value: unknown }>> }
  >
>;

/** Each operation with its place. */
export function operationsOf({
  paths,
}: ApiDescription): { readonly path: string; readonly method: string; readonly operation: ApiOperation }[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
}

/** Compiles schemas that stand in the document; strictly, so that a keyword nobody knows is an error. */
export function schemaCompiler({ components }: ApiDescription): (schema: object) => ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: true });
  addFormats.default(ajv);
  ajv.addVocabulary(['components']);
  return (schema) => ajv.compile({ components, ...schema });
}
