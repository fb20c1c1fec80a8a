import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { acr, azureToken } from "../../src/keychain/acr.ts";
import { rejects } from "../../src/testing/errors.ts";
import { asked, cloud, type Seen } from "./support.ts";

const application = { tenantId: "contoso.com", clientId: "app", clientSecret: "hunter2" };
const answers = ({ url }: Seen) =>
  url.includes("login.microsoftonline.com")
    ? { access_token: "entra", expires_in: 3600 }
    : { refresh_token: "refresh" };
const username = "00000000-0000-0000-0000-000000000000";

describe("Azure's keychain", () => {
  it("exchanges an access token for the registry's", async () => {
    const { transport, seen } = cloud(answers);
    const keychain = acr(azureToken(application, { transport }), { transport });
    assert.deepEqual(await keychain(asked("contoso.azurecr.io")), { username, password: "refresh" });
    assert.deepEqual(await keychain(asked("contoso.azurecr.io", "other")), { username, password: "refresh" });
    assert.deepEqual(seen.map(({ method, url }) => `${method} ${url}`), [
      "POST https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
      "POST https://contoso.azurecr.io/oauth2/exchange",
    ]);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(seen[0]!.body)), {
      grant_type: "client_credentials",
      client_id: "app",
      client_secret: "hunter2",
      scope: "https://containerregistry.azure.net/.default",
    });
    assert.equal(seen[0]!.headers.get("content-type"), "application/x-www-form-urlencoded");
    assert.deepEqual(Object.fromEntries(new URLSearchParams(seen[1]!.body)), {
      grant_type: "access_token",
      service: "contoso.azurecr.io",
      access_token: "entra",
    });
  });

  it("lets an application prove itself by a token of elsewhere", async () => {
    const { transport, seen } = cloud(answers);
    const federated = {
      tenantId: "t",
      clientId: "app",
      assertion: () => Promise.resolve("jwt"),
      authority: "https://login.partner.test/",
    };
    const { token } = await azureToken(federated, { transport: (request) => transport(request) })().catch(
      () => ({ token: "" }),
    );
    assert.equal(token, "");
    assert.equal(seen[0]!.url, "https://login.partner.test/t/oauth2/v2.0/token");
    const form = new URLSearchParams(seen[0]!.body);
    assert.equal(form.get("client_assertion"), "jwt");
    assert.equal(form.get("client_secret"), null);
  });

  it("is asked for no other registry, whatever it is called (A36)", async () => {
    const { transport, seen } = cloud(() => assert.fail("asked"));
    const others = [
      "contoso.azurecr.io.attacker.test",
      "a.contoso.azurecr.io",
      "azurecr.io",
      "contoso.azurecr.io:5000",
      "attacker.test/.azurecr.io",
      "contoso-azurecr.io",
    ];
    for (const other of others) {
      assert.equal(
        await acr(azureToken(application, { transport }), { transport })(asked(other)),
        undefined,
        other,
      );
    }
    assert.equal(seen.length, 0);
  });

  it("that is refused is an error without secrets", async () => {
    const { transport } = cloud(
      () => ({
        error: "invalid_client",
        error_description: "AADSTS7000215: Invalid client secret provided.",
      }),
      401,
    );
    await rejects(
      acr(azureToken(application, { transport }), { transport })(asked("contoso.azurecr.io")),
      "unauthorized",
      /^get an access token for app: 401 AADSTS7000215: Invalid client secret provided\.$/,
    );
  });
});
