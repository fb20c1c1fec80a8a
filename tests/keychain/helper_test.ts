import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gcloud } from "../../src/keychain/gcloud.ts";
import {
  credentialHelper,
  eraseFromHelper,
  getFromHelper,
  storeInHelper,
} from "../../src/keychain/helper.ts";
import { fails, rejects } from "../../src/testing/errors.ts";
import { asked, inHome, makeHelper } from "./support.ts";

describe("a credential helper", () => {
  it("is asked on its standard input, without a newline (A44)", () =>
    inHome(async (home) => {
      await home.program(
        "docker-credential-one",
        `echo "$*" > "$HOME/args"; cat > "$HOME/asked"
echo '{"ServerURL":"https://index.docker.io/v1/","Username":"me","Secret":"s3cret"}'`,
      );
      const keychain = credentialHelper("one", home);
      assert.deepEqual(await keychain(asked("docker.io")), { username: "me", password: "s3cret" });
      assert.deepEqual([await home.read("args"), await home.read("asked")], [
        "get\n",
        "https://index.docker.io/v1/",
      ]);
    }));

  it("may give an identity token, or nothing (A16)", () =>
    inHome(async ({ env, program }) => {
      const answers: [string, unknown][] = [
        ['{"Username":"<token>","Secret":"identity"}', { identityToken: "identity" }],
        ['{"Username":"","Secret":""}', undefined],
        ["{}", undefined],
        ['warning: old\n{"Username":"me","Secret":"{}"}\n', { username: "me", password: "{}" }],
        ['{"Username":"mé","Secret":"pä"}', { username: "mé", password: "pä" }],
      ];
      for (const [answer, expected] of answers) {
        await program("docker-credential-one", `printf '%s' '${answer}'`);
        assert.deepEqual(await getFromHelper("one", "quay.io", { env }), expected, answer);
      }
    }));

  it("that does not know a server says so in several ways (A44)", () =>
    inHome(async ({ env, program }) => {
      const forms = [
        "echo 'credentials not found in native keychain'; exit 1",
        "printf 'credentials not found in native keychain\\r\\n'; exit 1",
        "echo 'Credentials not found in native keychain' >&2; exit 1",
        "echo 'error: credentials not found in native keychain'; exit 2",
        "echo 'The specified item could not be found in the keychain.'; exit 1",
      ];
      for (const script of forms) {
        await program("docker-credential-one", script);
        assert.equal(await credentialHelper("one", { env })(asked("quay.io")), undefined, script);
        await eraseFromHelper("one", "quay.io", { env });
      }
    }));

  it("that fails is an error with what it says, and no secret (A44)", () =>
    inHome(async ({ env, program }) => {
      const failures: [script: string, code: "unavailable" | "invalid-document", words: RegExp][] = [
        [
          "echo 'pass store is uninitialized'; exit 1",
          "unavailable",
          /ended with 1: pass store is uninitialized$/,
        ],
        ["echo 'no dbus' >&2; exit 3", "unavailable", /ended with 3: no dbus$/],
        ["exit 1", "unavailable", /ended with 1$/],
        ["kill -9 $$", "unavailable", /ended with a signal|ended with 137/],
        ["echo hunter2", "invalid-document", /printed no JSON object$/],
        ["echo '[\"hunter2\"]'", "invalid-document", /printed no JSON object$/],
        ['echo \'{"Username":"hunter2",\'', "invalid-document", /printed no JSON object$/],
        ['echo \'{"Username":7,"Secret":"hunter2"}\'', "invalid-document", /not strings$/],
        ["echo 'Bearer hunter2hunter2'; exit 1", "unavailable", /Bearer …$/],
      ];
      for (const [script, code, words] of failures) {
        await program("docker-credential-one", script);
        await assert.rejects(getFromHelper("one", "quay.io", { env }), (error: Error) => {
          fails(code, words)(error);
          assert.match(error.message, /^get credentials for quay\.io from docker-credential-one: /);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        }, script);
      }
    }));

  it("that is missing, hangs or prints without end is an error (A45)", () =>
    inHome(async ({ env, program }) => {
      await rejects(
        getFromHelper("none", "quay.io", { env }),
        "unavailable",
        /there is no docker-credential-none in PATH$/,
      );
      await program("docker-credential-slow", "sleep 100 & sleep 100");
      await rejects(
        getFromHelper("slow", "quay.io", { env, timeout: 200 }),
        "unavailable",
        /took longer than 0\.2 s$/,
      );
      await program("docker-credential-loud", "yes");
      await rejects(getFromHelper("loud", "quay.io", { env }), "unavailable", /printed more than/);
    }));

  it("is never more than a name, and no shell sees it (A45)", () =>
    inHome(async ({ directory, env }) => {
      for (
        const name of [
          "../evil",
          "a/b",
          "a;touch x",
          "$(touch x)",
          "",
          ".",
          "..",
          "-x",
          "a b",
          "a\nb",
          "a\0b",
        ]
      ) {
        assert.throws(() => credentialHelper(name, { env }), fails("invalid-name"), name);
        await rejects(getFromHelper(name, "quay.io", { env }), "invalid-name");
      }
      assert.ok(!existsSync(join(directory, "x")));
    }));

  it("is told to store and to erase", () =>
    inHome(async (home) => {
      await makeHelper(home, "mine");
      const me = { username: "me", password: 'p"ä\\ss' };
      await storeInHelper("mine", "quay.io", me, home);
      assert.deepEqual(await getFromHelper("mine", "quay.io", home), me);
      await storeInHelper("mine", "quay.io", { identityToken: "identity" }, home);
      assert.deepEqual(await getFromHelper("mine", "quay.io", home), { identityToken: "identity" });
      await eraseFromHelper("mine", "quay.io", home);
      assert.equal(await getFromHelper("mine", "quay.io", home), undefined);
      await eraseFromHelper("mine", "quay.io", home);
    }));

  it("runs once for all who ask at the same time, and a little later", () =>
    inHome(async (home) => {
      await home.program(
        "docker-credential-one",
        `echo x >> "$HOME/count"; echo '{"Username":"me","Secret":"1"}'`,
      );
      const keychain = credentialHelper("one", home);
      await Promise.all(["a", "b", "c"].map((repository) => keychain(asked("quay.io", repository))));
      await keychain(asked("quay.io", "d"));
      assert.equal(await home.read("count"), "x\n");
      await keychain(asked("ghcr.io"));
      assert.equal(await home.read("count"), "x\nx\n");
    }));
});

describe("a helper that fails", () => {
  it("fails for the next who ask at once, without being run again", () =>
    inHome(async (home) => {
      await home.program("docker-credential-one", `echo x >> "$HOME/count"; exit 1`);
      const keychain = credentialHelper("one", home);
      for (const repository of ["a", "b"]) {
        await rejects(keychain(asked("quay.io", repository)), "unavailable", /ended with 1$/);
      }
      assert.equal(await home.read("count"), "x\n");
    }));
});

describe("gcloud", () => {
  it("gives the token of whoever is logged in", () =>
    inHome(async ({ env, program }) => {
      await program(
        "gcloud",
        `[ "$*" = "config config-helper --force-auth-refresh --format=json(credential)" ] || exit 9
echo '{"credential":{"access_token":"ya29.x","token_expiry":"2030-01-01T00:00:00Z"}}'`,
      );
      const expires = Date.parse("2030-01-01T00:00:00Z") - 60_000;
      assert.deepEqual(await gcloud({ env })(), { token: "ya29.x", expires });
      await program("gcloud", "echo '{\"credential\":{}}'");
      await rejects(gcloud({ env })(), "invalid-document", /printed none$/);
      await program("gcloud", "exit 1");
      await rejects(gcloud({ env })(), "unavailable", /log in with gcloud auth login$/);
    }));
});
