import type { Options } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";
import { matcherOf } from "../../../server/mod.ts";
import { outdated, type Store, type StoredImage } from "../../../store/mod.ts";
import { isLike } from "../glob.ts";
import type { RetentionRule } from "./config.ts";

/**
 * Removes the tags, and then the manifests, that the rules say are no longer wanted.
 *
 * @param tell Called with the name of each: `acme/app:v1`, `acme/app@sha256:…`.
 */
export async function retain(
  there: Store,
  rules: readonly RetentionRule[],
  { dryRun, ...options }: Options & { dryRun?: boolean | undefined },
  tell: (name: string) => Promise<void> | void,
): Promise<void> {
  const tags = await Array.fromAsync(there.images.list([], options)).then((all) => all.flatMap(tagOf));
  const gone = new Set(rules.flatMap((rule) => outdatedBy(rule, tags)));
  for (const { image } of tags) {
    if (!gone.has(image)) continue;
    options.signal?.throwIfAborted();
    if (dryRun || await removeTag(there, image, options)) await tell(image.name);
  }
  const without = new Set([...gone].map(({ name }) => name));
  for await (const repository of there.linkedRepositories(options)) {
    const ages = rules.flatMap(({ repositories = "**", untagged }) =>
      untagged !== undefined && matcherOf(repositories)(repository) ? [untagged] : []
    );
    if (ages.length === 0) continue;
    const linked = there.linked(repository);
    const olderThan = Math.min(...ages);
    for (const digest of await linked.forgetUntagged({ olderThan, dryRun, without, ...options })) {
      await tell(`${repository}@${digest}`);
    }
  }
}

interface Tag {
  image: StoredImage;
  repository: string;
  tag: string;
}

/** An image that is a tag of a repository. */
function tagOf(image: StoredImage): Tag[] {
  const [, repository, tag] = /^([^@]*):([^:/@]*)$/.exec(image.name) ?? [];
  return repository === undefined ? [] : [{ image, repository, tag: tag! }];
}

function outdatedBy(rule: RetentionRule, all: readonly Tag[]): StoredImage[] {
  const { repositories = "**", tags = ["*"], except = [], keepLast, olderThan } = rule;
  const matches = matcherOf(repositories);
  const about = all.filter(({ repository, tag }) =>
    matches(repository) && tags.some((one) => isLike(tag, one)) && !except.some((one) => isLike(tag, one))
  );
  return outdated(about.map(({ image }) => image), [{ keepLast, olderThan }]);
}

/** Unless it was given to another manifest meanwhile, or has gone. */
async function removeTag(there: Store, { name, target }: StoredImage, options: Options): Promise<boolean> {
  try {
    await there.images.delete(name, { target, ...options });
    return true;
  } catch (error) {
    if (GantryError.is(error, "not-found")) return false;
    throw error;
  }
}
