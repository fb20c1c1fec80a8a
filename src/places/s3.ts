import { objects, s3 } from "../objects/mod.ts";
import type { Target } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { parseReference, parseRepository } from "../spec/reference.ts";
import type { Clients, Place, ReferenceScheme } from "./scheme.ts";

/** Object storage: `s3:BUCKET/PREFIX:REPOSITORY:TAG`, where `gantry registry serve --s3` keeps that repository. */
export const s3Scheme: ReferenceScheme = {
  kind: "reference",
  prefixes: ["s3:"],
  noun: "a bucket",
  parse(rest, text) {
    const { bucket, prefix, name } = split(rest, text);
    if (name === undefined) return repositoryPlace(bucket, prefix, undefined, text);
    // As references are, with something in place of the registry.
    const { repository, digest, tag } = parseReference(`localhost/${name}`);
    return { ...repositoryPlace(bucket, prefix, repository, text), name: digest ?? tag };
  },
  parseContainer(rest, text) {
    const { bucket, prefix, name } = split(rest, text);
    const repository = name === undefined ? undefined : parseRepository(`localhost/${name}`).repository;
    return repositoryPlace(bucket, prefix, repository, text);
  },
};

/** The bucket and the prefix that `s3://BUCKET/PREFIX` names. */
export function parseBucket(text: string): { bucket: string; prefix: string } {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/:]+)(?:\/([^:]*))?$/.exec(text) ?? [];
  if (bucket !== undefined) return { bucket, prefix };
  throw new GantryError(
    "invalid-name",
    `open ${JSON.stringify(text)}: not s3://BUCKET or s3://BUCKET/PREFIX`,
  );
}

function split(rest: string, text: string): { bucket: string; prefix: string; name: string | undefined } {
  const [, bucket, prefix = "", name] = /^([^/:]+)(?:\/([^:]*))?(?::(.+))?$/s.exec(rest) ?? [];
  if (bucket !== undefined) return { bucket, prefix, name };
  throw new GantryError("invalid-name", `open ${JSON.stringify(text)}: not s3:BUCKET/PREFIX:REPOSITORY:TAG`);
}

function repositoryPlace(
  bucket: string,
  prefix: string,
  repository: string | undefined,
  text: string,
): Place {
  const open = (clients: Clients): Target => {
    if (repository !== undefined) {
      return objects({ bucket: s3({ ...clients.s3, bucket }), prefix })(repository);
    }
    const advice = `s3:${bucket}${prefix && `/${prefix}`}:REPOSITORY:TAG`;
    throw new GantryError(
      "invalid-name",
      `open ${JSON.stringify(text)}: it names no repository; write ${advice}`,
    );
  };
  const container = `s3:${bucket}${prefix && `/${prefix}`}${
    repository === undefined ? "" : `:${repository}`
  }`;
  return { scheme: s3Scheme, container, source: open, target: open };
}
