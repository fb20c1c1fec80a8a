import { memory } from "../../src/content/mod.ts";
import { registry, type Sessions, type Transport } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { type Limits, testTarget } from "../contract/target.ts";
import { login, needsDockerRegistry, startDockerRegistry } from "./docker_registry.ts";

const limits: Limits = { untag: "docker-registry 2.8 deletes no tag by itself" };

testTarget("our own registry, without a network", () => {
  const store = memory();
  const answer = server({ repositories: () => store });
  const transport: Transport = async ({ url, method, headers, body, signal }) => {
    const sent = body && !(body instanceof Uint8Array) ? await body.open({ signal }) : body ?? null;
    return await answer(new Request(url, { method, headers, body: sent, duplex: "half" } as RequestInit));
  };
  const sessions = memorySessions();
  const again = () => registry("registry.test/contract/target", { transport, sessions });
  return Promise.resolve({ target: again(), again, close: () => Promise.resolve() });
});

if (!needsDockerRegistry.skip) {
  for (const auth of [false, true]) {
    testTarget(`docker-registry${auth ? " with a password" : ""}`, async () => {
      const { host, stop } = await startDockerRegistry({ auth });
      const sessions = memorySessions();
      const again = () =>
        registry(`${host}/contract/target`, {
          sessions,
          credentials: () => Promise.resolve(auth ? login : undefined),
        });
      return { target: again(), again, close: stop };
    }, limits);
  }
}

function memorySessions(): Sessions {
  const kept = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    set: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
}
