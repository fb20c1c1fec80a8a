import { bindSource } from "./bind_source.ts";
import type { Source, Target } from "./contracts.ts";

/** The methods that a target has, bound to it, for wrappers that override some of them. */
export function bindTarget(target: Target): Target {
  const { complete } = target;
  return { ...bindSource(target), ...bindWriting(target), ...(complete !== undefined && { complete }) };
}

/** The methods of a target that change it, bound to it. */
export function bindWriting(target: Target): Omit<Target, keyof Source> {
  return {
    write: target.write.bind(target),
    tag: target.tag.bind(target),
    ...(target.untag && { untag: target.untag.bind(target) }),
    ...(target.delete && { delete: target.delete.bind(target) }),
    ...(target.ingest && { ingest: target.ingest.bind(target) }),
    ...(target.ingests && { ingests: target.ingests.bind(target) }),
    ...(target.lease && { lease: target.lease.bind(target) }),
    ...(target.leases && { leases: target.leases.bind(target) }),
    ...(target.usage && { usage: target.usage.bind(target) }),
  };
}
