import { registry } from "../../src/registry/mod.ts";
import { testTarget } from "../../src/testing/mod.ts";
import { memorySessions } from "../../src/registry/upload_sessions.ts";
import { login, startDockerRegistry } from "./docker_registry.ts";

for (const auth of [false, true]) {
  testTarget(`docker-registry${auth ? " with a password" : ""}`, async () => {
    const { host, stop } = await startDockerRegistry({ auth });
    const sessions = memorySessions();
    const credentials = () => Promise.resolve(auth ? login : undefined);
    const again = () => registry(`${host}/contract/target`, { sessions, credentials });
    return { target: again(), again, close: stop };
  }, { untag: "docker-registry 2.8 deletes no tag by itself" });
}
