import { observed } from "../../bytes.ts";
import { bindTarget } from "../../content/bind_target.ts";
import type { Content, Ingest, Options, Target, WriteOptions, Written } from "../../content/contracts.ts";
import { ifFound } from "../../content/if_found.ts";
import { roleOf } from "../../content/role.ts";
import type { Digest } from "../../spec/digest.ts";
import type { Account, Quota } from "./account.ts";

/** A target whose account is asked before something is added. */
export function counted(target: Target, account: Account): Target {
  const has = async (name: string, role: "manifest" | "blob", { signal }: Options): Promise<boolean> =>
    await ifFound(target.resolve(name, { role, signal })) !== undefined;
  const tagCost = async (tag: string, options: Options): Promise<Quota> => ({
    tags: Number(!await has(tag, "manifest", options)),
  });

  const write = async (content: Content, options: WriteOptions = {}): Promise<Written> => {
    const { digest, size = 0 } = content;
    const { name } = options;
    const role = roleOf(content, options.role);
    const cost = async (): Promise<Quota> => ({
      ...(digest === undefined || !await has(digest, role, options)) &&
        { bytes: size, manifests: Number(role === "manifest") },
      ...name !== undefined && await tagCost(name, options),
    });
    const names = [...digest === undefined ? [] : [digest], ...name === undefined ? [] : [`:${name}`]];
    return await account.add(names, cost, () => target.write(content, options));
  };

  const open = async (...[session, options]: Parameters<NonNullable<Target["ingest"]>>): Promise<Ingest> => {
    // Who has no room for a single byte learns it before sending any.
    if (options?.create !== false) await account.require({ bytes: 1 });
    const ingest = await target.ingest!(session, options);
    return {
      get offset() {
        return ingest.offset;
      },
      async append(bytes, at, options) {
        if (options?.size !== undefined) await account.require({ bytes: at + options.size });
        let length = at;
        const bounded = observed(bytes, {
          chunk: (chunk) => account.requireSize(length += chunk.byteLength),
        });
        return await ingest.append(bounded, at, options);
      },
      commit: (expected?: Digest, options: Options = {}) => {
        const cost = async (): Promise<Quota> => ({
          bytes: expected && await has(expected, "blob", options) ? 0 : ingest.offset,
        });
        return account.add(expected ? [expected] : [], cost, () => ingest.commit(expected, options));
      },
      abort: ingest.abort.bind(ingest),
      close: ingest.close.bind(ingest),
    };
  };

  const { untag, delete: remove } = target;
  return {
    ...bindTarget(target),
    write,
    tag: (name, descriptor, options = {}) =>
      account.add([`:${name}`], () => tagCost(name, options), () => target.tag(name, descriptor, options)),
    ...(untag && {
      untag: (...args) => untag.apply(target, args).finally(() => account.reduced()),
    }),
    ...(remove && {
      delete: (...args) => remove.apply(target, args).finally(() => account.reduced()),
    }),
    ...(target.ingest && { ingest: open }),
  };
}
