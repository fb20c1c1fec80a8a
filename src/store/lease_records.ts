import { labelNames, type Labels } from "./labels.ts";

/** Kinds of what a lease can keep. */
export type ResourceType = "content" | "images" | "ingests";

/** What a lease keeps. */
export interface LeaseResource {
  /** What it is. */
  readonly type: ResourceType;
  /** The digest of content, the name of an image, the ref of a write in the making. */
  readonly id: string;
}

/** How records of leases are written. */
export interface LeaseValue {
  labels: Record<string, string>;
  createdAt: number;
}

/** The end of the key under which it is written down that a lease keeps something. */
export function joinResource({ type, id }: LeaseResource): string {
  return `${type}/${id}`;
}

/** What the end of such a key says. */
export function splitResource(text: string): LeaseResource {
  const slash = text.indexOf("/");
  return { type: text.slice(0, slash) as ResourceType, id: text.slice(slash + 1) };
}

/** When something ends by itself; never, when the label is of no time. */
export function expiryOf(labels: Labels): Date | undefined {
  const text = labels[labelNames.expire];
  // RFC 3339; what JavaScript reads besides is no time here.
  if (
    text === undefined || !/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)
  ) {
    return undefined;
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** Whether it has ended. */
export function hasExpired(labels: Labels, now: number): boolean {
  const expiry = expiryOf(labels);
  return expiry !== undefined && expiry.getTime() <= now;
}
