/** The OCI JSON schemas of the shared fixtures, as a second opinion beside our own checks. */

import { readFileSync } from "node:fs";
import Ajv from "ajv-draft-04";
import { fixture } from "../support/fixtures.ts";

const files = [
  "config-schema",
  "content-descriptor",
  "defs-descriptor",
  "defs",
  "image-index-schema",
  "image-layout-schema",
  "image-manifest-schema",
];

const ofKind = {
  config: "config-schema.json",
  descriptor: "content-descriptor.json",
  imageIndex: "image-index-schema.json",
  imageLayout: "image-layout-schema.json",
  manifest: "image-manifest-schema.json",
};

/** A document for which the schemas have a word. */
export type Kind = keyof typeof ofKind;

/** The schemas name themselves by web addresses but each other by file name; only the file names are kept. */
function withoutIds(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { id, ...rest } = value as Record<string, unknown>;
  return typeof id === "string" ? rest : value;
}

/** Compiles the schemas; the answer tells whether a document is valid by them. */
export function schemas(): (kind: Kind, document: unknown) => boolean {
  const ajv = new Ajv.default({
    strict: false,
    formats: { "date-time": (text: string) => !Number.isNaN(Date.parse(text)), uri: /^[a-z][a-z0-9+.-]*:/i },
  });
  for (const file of files) {
    const schema = JSON.parse(readFileSync(fixture(`schemas/${file}.json`), "utf8"), withoutIds);
    ajv.addSchema(schema, `${file}.json`);
  }
  return (kind, document) => ajv.validate(ofKind[kind], document);
}
