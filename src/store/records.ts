import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { GantryError } from "../errors.ts";
import type { Labels } from "./labels.ts";
import type { Entry } from "./metadata.ts";

/** An image: a name for what a descriptor names. */
export interface StoredImage {
  /** What it is called: `docker.io/library/alpine:3.20`. */
  readonly name: string;
  /** What it stands for, all fields included. */
  readonly target: Descriptor;
  /** What else is known of it. */
  readonly labels: Labels;
  /** When the name was given. */
  readonly createdAt: Date;
  /** When this record was last changed. */
  readonly updatedAt: Date;
}

/** What is known of some content. */
export interface ContentInfo {
  /** What its bytes hash to. */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** What it was called when something named it. */
  readonly mediaType?: string | undefined;
  /** What else is known of it; what it refers to, for the collection of garbage. */
  readonly labels: Labels;
  /** When it came. */
  readonly createdAt: Date;
  /** When this record was last changed. */
  readonly updatedAt: Date;
}

/** How records of images are written. */
export interface ImageValue {
  target: Descriptor;
  labels: Record<string, string>;
  createdAt: number;
  updatedAt: number;
}

/** How records of content are written. */
export interface ContentValue {
  size: number;
  mediaType?: string | undefined;
  labels: Record<string, string>;
  createdAt: number;
  updatedAt: number;
}

/** The buckets of a namespace. */
export interface Buckets {
  readonly images: string;
  readonly content: string;
  readonly referrers: string;
  readonly links: string;
  readonly repositories: string;
  readonly leases: string;
  readonly leased: string;
  readonly ingests: string;
}

/** Where a namespace keeps its records. */
export function bucketsOf(namespace: string): Buckets {
  const bucket = (name: string) => `${namespace}/${name}`;
  return {
    images: bucket("images"),
    content: bucket("content"),
    referrers: bucket("referrers"),
    links: bucket("links"),
    repositories: bucket("repositories"),
    leases: bucket("leases"),
    leased: bucket("leased"),
    ingests: bucket("ingests"),
  };
}

/** The bucket of the namespaces themselves. */
export const namespacesBucket = "namespaces";

/** What a record says, which Gantry wrote. */
export function valueOf<T>({ key, value }: Entry): T {
  try {
    return JSON.parse(value) as T;
  } catch (cause) {
    throw new GantryError("invalid-document", `read the record of ${JSON.stringify(key)}: it is broken`, {
      cause,
    });
  }
}

/** An image as it is in the store. */
export function imageOf(entry: Entry): StoredImage {
  return imageFrom(entry.key, valueOf<ImageValue>(entry));
}

/** An image by its name and what its record says. */
export function imageFrom(name: string, { target, labels, createdAt, updatedAt }: ImageValue): StoredImage {
  return {
    name,
    target,
    labels,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}

/** Content as it is in the store. */
export function contentOf(entry: Entry): ContentInfo {
  const { size, mediaType, labels, createdAt, updatedAt } = valueOf<ContentValue>(entry);
  return {
    digest: entry.key as Digest,
    size,
    ...(mediaType !== undefined && { mediaType }),
    labels,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}
