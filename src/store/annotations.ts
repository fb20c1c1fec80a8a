import type { Descriptor } from "../spec/descriptor.ts";

/** A descriptor without empty annotations, which are none to containerd. */
export function checkAnnotations(target: Descriptor): Descriptor {
  const { annotations, ...rest } = target;
  const there = Object.entries(annotations ?? {}).filter(([, value]) => value !== "");
  return there.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(there) };
}
