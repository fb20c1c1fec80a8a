import type { Source } from "./contracts.ts";

/** The methods that a source has, bound to it, for wrappers that override some of them. */
export function bindSource(source: Source): Source {
  return {
    resolve: source.resolve.bind(source),
    open: source.open.bind(source),
    ...(source.ordered !== undefined && { ordered: source.ordered }),
    ...(source.names && { names: source.names.bind(source) }),
    ...(source.roots && { roots: source.roots.bind(source) }),
    ...(source.referrers && { referrers: source.referrers.bind(source) }),
    ...(source.origins && { origins: source.origins.bind(source) }),
    ...(source.presigned && { presigned: source.presigned.bind(source) }),
    ...(source.file && { file: source.file.bind(source) }),
  };
}
