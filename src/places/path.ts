import { GantryError } from "../errors.ts";
import type { PathScheme, Place } from "./scheme.ts";

/** What sets one kind of path apart from others. */
export interface PathKind {
  /** `oci:` */
  prefix: string;
  /** What one of them is, for messages: `an archive`. */
  noun: string;
  /** What the path leads to, for messages. */
  pathNoun: "DIRECTORY" | "FILE";
  /** Opens and saves what is at the path. */
  at(path: string, name?: string): Omit<Place, "scheme" | "container" | "name" | "path">;
  /** See {@link PathScheme.recognizes}. */
  recognizes(path: string): Promise<boolean>;
}

/** A file or directory, which may be on a Windows drive, and a name after a colon. */
const grammar = /^((?:[A-Za-z]:[\\/])?[^:]+)(?::(.+))?$/s;

/** A kind of place that is written `PREFIX:PATH` or `PREFIX:PATH:NAME`; as with skopeo, the path ends at the first colon. */
export function pathScheme({ prefix, noun, pathNoun, at, recognizes }: PathKind): PathScheme {
  const scheme: PathScheme = {
    kind: "path",
    prefixes: [prefix],
    noun,
    recognizes,
    at: (path, name) => ({ ...at(path, name), scheme, container: `${prefix}${path}`, path, name }),
    parse(rest, text) {
      const [, path, name] = grammar.exec(rest) ?? [];
      if (path !== undefined) return scheme.at(path, name);
      throw invalid(text, `not ${prefix}${pathNoun} or ${prefix}${pathNoun}:NAME`);
    },
    parseContainer(rest, text) {
      const place = scheme.parse(rest, text);
      if (place.name === undefined) return place;
      throw invalid(text, `a name where all of ${noun} is meant`);
    },
  };
  return scheme;
}

function invalid(text: string, reason: string): GantryError {
  return new GantryError("invalid-name", `open ${JSON.stringify(text)}: ${reason}`);
}
