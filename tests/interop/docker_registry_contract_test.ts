/** What a target is, held against the registries that most run, by every way to log in. */

import { registry } from "../../src/registry/mod.ts";
import { memorySessions } from "../../src/registry/upload_sessions.ts";
import { testTarget } from "../../src/testing/mod.ts";
import {
  login,
  needsDistribution,
  needsDockerRegistry,
  startDockerRegistry,
  type Version,
} from "./docker_registry.ts";

const versions: [Version, string | false][] = [
  ["docker-registry", needsDockerRegistry.skip],
  ["distribution", needsDistribution.skip],
];

for (const [version, skip] of versions) {
  if (skip) {
    console.log(`left out: ${skip}`);
    continue;
  }
  for (const auth of [undefined, "password", "token"] as const) {
    testTarget(`${version}${auth ? ` with a ${auth}` : ""}`, async () => {
      const { host, stop } = await startDockerRegistry({ version, auth });
      const sessions = memorySessions();
      const credentials = () => Promise.resolve(auth ? login : undefined);
      const again = () => registry(`${host}/contract/target`, { sessions, credentials });
      return { target: again(), again, close: stop };
    }, version === "docker-registry" ? { untag: "docker-registry 2.8 deletes no tag by itself" } : {});
  }
}
